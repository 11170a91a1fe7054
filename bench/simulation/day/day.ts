import { Autoscaling } from '../../../src/flow/scaling/autoscaling.js'
import type { Autoscale } from '../../../src/plan/resilience.js'
import { shipped } from '../contenders.js'
import { Fleet } from '../fleet.js'
import { Ledger, type Tally } from '../ledger.js'
import { seeded } from '../random.js'
import { sendAll } from '../traffic.js'
import { VirtualClock } from '../virtual-clock.js'
import { Crew } from './crew.js'
import { dayMs, hourMs, hours, rateAt } from './load-curve.js'

/** How the number of replicas is determined during the day. */
export interface Staffing {
  readonly name: string
  /** Number at the start; without `autoscale` for the whole day. */
  readonly replicas: number
  readonly autoscale: Autoscale | null
}

export interface Day {
  readonly tally: Tally
  readonly changes: number
  /** Number of replicas in the middle of each hour. */
  readonly byHour: readonly number[]
  /** Mean over the day. */
  readonly mean: number
  readonly most: number
}

/** Milliseconds between two samples of the number of replicas. */
const lookMs = 250
const looksPerHour = hourMs / lookMs

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** Simulates one day of a stage with the shipped autoscaler. The same seed gives the same day. */
export async function liveThrough({ replicas, autoscale }: Staffing, seed: number = 1): Promise<Day> {
  const clock = new VirtualClock()
  const ledger = new Ledger()
  const fleet = new Fleet({ clock, ledger, seed, contender: shipped })
  const crew = new Crew(fleet, clock, autoscale)
  crew.open(replicas)
  const status = () =>
    Promise.resolve([
      {
        name: crew.name,
        asked: 0,
        failed: 0,
        backgroundRunning: 0,
        backgroundFailed: 0,
        ...fleet.pool.load(),
      },
    ])
  const autoscaling = new Autoscaling([crew], { clock, status, logger: silent })
  const counts: number[] = []
  const look = (): void => {
    counts.push(crew.replicas)
    if (counts.length < hours * looksPerHour) clock.after(lookMs, look)
  }
  look()
  const traffic = sendAll({
    ...{ clock, ledger, handle: fleet.handle, random: seeded(seed + 1), rate: rateAt },
    hasMore: () => clock.monotonic() < dayMs,
  })
  await clock.run(traffic.isOver, 10 * dayMs)
  autoscaling.close()
  fleet.close()
  return {
    tally: ledger.tally(),
    changes: crew.changes,
    byHour: Array.from({ length: hours }, (_, hour) => counts[(hour + 0.5) * looksPerHour]!),
    mean: counts.reduce((sum, count) => sum + count) / counts.length,
    most: Math.max(...counts),
  }
}
