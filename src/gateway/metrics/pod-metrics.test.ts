import { expect, it } from 'vitest'
import { deferred } from '../../lib/deferred.js'
import { HandClock } from '../../lib/hand-clock.suite.js'
import { type Metric, MetricReport } from '../../observe/metrics/report.js'
import type { Channel } from '../../transport/transport.js'
import { PodMetrics } from './pod-metrics.js'

const queue = (pod: string, kind: Metric['kind'] = 'gauge'): Metric => ({
  name: 'queue',
  kind,
  help: 'Length of the queue.',
  samples: [{ labels: { pod }, value: 1 }],
})

function metricsOf(pods: Readonly<Record<string, Partial<Channel>>>) {
  const clock = new HandClock()
  const said: string[] = []
  const metrics = new PodMetrics({
    clock,
    pods: () =>
      Object.entries(pods).map(([pod, channel]) => ({ stage: 'exec', pod, channel: channel as Channel })),
    say: (sentence) => said.push(sentence),
  })
  const scrape = async (): Promise<Record<string, unknown>> => {
    const report = new MetricReport()
    await metrics.collect(report)
    return Object.fromEntries(
      report.metrics.map(({ name, samples }) => [
        name,
        Object.fromEntries(samples.map(({ labels, value }) => [labels.pod, value])),
      ]),
    )
  }
  return { clock, said, scrape }
}

it('a pod that does not answer, or has gone, holds up nobody', async () => {
  const { clock, scrape } = metricsOf({
    a: { measure: async () => [queue('a')] },
    stuck: { measure: () => new Promise(() => {}) },
    gone: { measure: () => Promise.reject(new Error('gone')) },
    elsewhere: {},
  })
  const scraped = scrape()
  await Promise.resolve()
  clock.move(500)
  expect(await scraped).toEqual({ millrace_pod_up: { a: 1, stuck: 0, gone: 0 }, queue: { a: 1 } })
})

it('a pod is not asked again before it has answered', async () => {
  const answer = deferred<readonly Metric[]>()
  let asked = 0
  const { clock, scrape } = metricsOf({
    slow: {
      measure() {
        asked++
        return answer.promise
      },
    },
  })
  const late = scrape()
  await Promise.resolve()
  clock.move(500)
  await late
  expect(await scrape()).toEqual({ millrace_pod_up: { slow: 0 } })
  expect(asked).toBe(1)
  answer.resolve([queue('slow')])
  await answer.promise
  await Promise.resolve()
  await Promise.resolve()
  expect(await scrape()).toMatchObject({ millrace_pod_up: { slow: 1 } })
  expect(asked).toBe(2)
})

it('a metric of one name and two kinds is served once, and said once', async () => {
  const { said, scrape } = metricsOf({
    a: { measure: async () => [queue('a')] },
    b: { measure: async () => [queue('b', 'counter')] },
  })
  await scrape()
  expect(await scrape()).toEqual({ millrace_pod_up: { a: 1, b: 1 }, queue: { a: 1 } })
  expect(said).toEqual([expect.stringContaining("The metric 'queue' of b is left out")])
})
