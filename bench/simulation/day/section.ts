import type { Autoscale } from '../../../src/plan/resilience.js'
import { markdownTable, milliseconds } from '../table.js'
import { type Day, liveThrough, type Staffing } from './day.js'
import { hourMs, hours, rateAt } from './load-curve.js'

/** Presets of the option `replicas: { max }`. */
const presets: Autoscale = { min: 1, max: 60, target: 1, upDelayMs: 1000, downDelayMs: 30_000 }

const scaled = (name: string, given: Partial<Autoscale> = {}): Staffing => ({
  name,
  replicas: 4,
  autoscale: { ...presets, ...given },
})

const others: readonly Staffing[] = [
  scaled('without delays', { upDelayMs: 0, downDelayMs: 0 }),
  scaled('target 2', { target: 2 }),
]

const story = `## A day with the autoscaler

The load of a day, in which an hour takes ${hourMs / 1000} s: from 40 requests per second at night to 400 at noon, which keep 2 and
21 replicas busy. A new replica is ready after 500 ms. The target is the number of requests per replica, in flight and waiting.

The defaults should follow the day with few changes: 1 s of more load before scaling up, 30 s of less before scaling down
(three hours of this short day, so the evening has too many). Without delays every fluctuation is followed. A fixed number
of replicas, the mean of the defaults', is too few at noon.`

/** The autoscaler's part of the report. */
export async function daySection(): Promise<string> {
  const byPresets = await liveThrough(scaled(''))
  const rows = [rowOf('presets', byPresets)]
  const fixed = [
    { name: 'fixed, the presets’ mean', replicas: Math.round(byPresets.mean), autoscale: null },
    { name: 'fixed, the presets’ most', replicas: byPresets.most, autoscale: null },
  ]
  for (const staffing of [...others, ...fixed]) rows.push(rowOf(staffing.name, await liveThrough(staffing)))
  const titles = ['replicas', 'mean', 'most', 'changes', 'requests', 'answered', 'p50', 'p99', 'p99.9']
  return [story, markdownTable(titles, rows), chart(byPresets)].join('\n\n')
}

function rowOf(name: string, { tally, changes, mean, most }: Day): readonly string[] {
  const { requests, answered, p50, p99, p999 } = tally
  const counts = [most, changes, requests, answered].map(String)
  return [name, mean.toFixed(1), ...counts, ...[p50, p99, p999].map(milliseconds)]
}

function chart({ byHour }: Day): string {
  const lines = Array.from({ length: hours }, (_, hour) => {
    const rate = rateAt((hour + 0.5) * hourMs)
    const count = byHour[hour]!
    return `${String(hour).padStart(2)} h ${rate.toFixed(0).padStart(4)}/s ${String(count).padStart(3)} ${'#'.repeat(count)}`
  })
  return ['Replicas with the presets, at half past each hour:', '', '```', ...lines, '```'].join('\n')
}
