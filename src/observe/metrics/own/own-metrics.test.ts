import { describe, expect, it } from 'vitest'
import type { Metric } from '../report.js'
import { OwnMetrics } from './own-metrics.js'

const pod = { pod: 'exec/rep-0', stage: 'exec' }

async function samplesOf(own: OwnMetrics, name: string): Promise<Metric['samples'] | undefined> {
  return (await own.collect(pod)).find((metric) => metric.name === name)?.samples
}

describe('own metrics of an Executor', () => {
  it('add up by their labels, with the pod and the stage', async () => {
    const own = new OwnMetrics({ isOn: true })
    const found = own.counter('found_total', { help: 'What was found.', labels: ['kind'] })
    found.add(2, { kind: 'a' })
    found.add(3, { kind: 'b' })
    found.add(4, { kind: 'a' })
    expect(await samplesOf(own, 'found_total')).toEqual([
      { labels: { kind: 'a', ...pod }, value: 6 },
      { labels: { kind: 'b', ...pod }, value: 3 },
    ])
  })

  it('without labels are there from the start, at 0', async () => {
    const own = new OwnMetrics({ isOn: true })
    own.counter('found_total')
    expect(await samplesOf(own, 'found_total')).toEqual([{ labels: pod, value: 0 }])
  })

  it('are gauges that are set, or read when the metrics are', async () => {
    const own = new OwnMetrics({ isOn: true })
    const gauge = own.gauge('cache_entries')
    gauge.set(5)
    gauge.add(-2)
    let size = 7
    own.gauge('index_size', { read: () => Promise.resolve(size) })
    own.gauge('broken', { read: () => Promise.reject(new Error('no')) })
    size = 8
    expect(await samplesOf(own, 'cache_entries')).toEqual([{ labels: pod, value: 3 }])
    expect(await samplesOf(own, 'index_size')).toEqual([{ labels: pod, value: 8 }])
    expect(await samplesOf(own, 'broken')).toEqual([])
  })

  it('are histograms with buckets of their own', async () => {
    const own = new OwnMetrics({ isOn: true })
    const sizes = own.histogram('sizes', { buckets: [1, 10] })
    for (const size of [1, 2, 20]) sizes.observe(size)
    expect(await samplesOf(own, 'sizes')).toEqual([
      { labels: pod, value: { sum: 23, bounds: [1, 10], counts: [1, 1, 1] } },
    ])
  })

  it('measure as Jina’s monitor, failed runs and promises included', async () => {
    const own = new OwnMetrics({ isOn: true })
    expect(own.monitor('load_seconds', 'Time of loading', () => 4)).toBe(4)
    await expect(
      own.monitor('load_seconds', 'Time of loading', () => Promise.reject(new Error('no'))),
    ).rejects.toThrow('no')
    expect(() =>
      own.monitor('load_seconds', 'Time of loading', () => {
        throw new Error('never')
      }),
    ).toThrow('never')
    const [metric] = await own.collect(pod)
    expect(metric).toMatchObject({ name: 'jina_load_seconds', kind: 'summary', help: 'Time of loading' })
    expect(metric?.samples).toMatchObject([{ labels: { runtime_name: 'exec/rep-0' }, value: { count: 3 } }])
  })

  it('have at most a thousand series; further values are dropped and counted', async () => {
    const own = new OwnMetrics({ isOn: true })
    const users = own.counter('users_total', { labels: ['user'] })
    for (let user = 0; user < 1500; user++) users.add(1, { user: String(user) })
    users.add(1, { user: '3' })
    expect(await samplesOf(own, 'users_total')).toHaveLength(1000)
    expect((await samplesOf(own, 'users_total'))?.[3]?.value).toBe(2)
    expect(own.dropped).toBe(500)
  })

  it('cut long values of labels', async () => {
    const own = new OwnMetrics({ isOn: true })
    own.gauge('texts', { labels: ['text'] }).set(1, { text: 'a'.repeat(10_000) })
    expect((await samplesOf(own, 'texts'))?.[0]?.labels.text).toHaveLength(200)
  })

  it('are declared once; the same declaration again gives the same metric', async () => {
    const own = new OwnMetrics({ isOn: true })
    own.counter('found_total', { labels: ['kind'] }).add(1, { kind: 'a' })
    own.counter('found_total', { labels: ['kind'] }).add(1, { kind: 'a' })
    expect(await samplesOf(own, 'found_total')).toMatchObject([{ value: 2 }])
    expect(() => own.counter('found_total', { labels: ['other'] })).toThrow('was declared before')
  })

  it('go nowhere while metrics are off, and are checked all the same', async () => {
    const own = new OwnMetrics({ isOn: false })
    const counter = own.counter('found_total')
    counter.add(1)
    expect(own.monitor('x_seconds', 'x', () => 1)).toBe(1)
    expect((await own.collect(pod)).flatMap(({ samples }) => samples)).toEqual([])
    expect(() => own.counter('2x')).toThrow('begins with no digit')
  })
})

describe('a declaration is refused', () => {
  const own = new OwnMetrics({ isOn: true })
  it.each([
    ['a name with a dash', () => own.gauge('cache-entries'), 'letters, digits and _'],
    ['a colon, which is for recording rules', () => own.gauge('job:cache'), 'letters, digits and _'],
    ['a name of Millrace', () => own.gauge('millrace_x'), 'are taken'],
    ['a name of Jina', () => own.counter('jina_x_total'), 'are taken'],
    ['a counter without _total', () => own.counter('found'), 'end with _total'],
    ['a gauge with _total', () => own.gauge('found_total'), 'end with _total'],
    ['the name of a series of a histogram', () => own.gauge('x_bucket'), 'a series of a histogram'],
    ['a label of Prometheus', () => own.gauge('x', { labels: ['__name'] }), 'not with __'],
    ['a label of Millrace', () => own.gauge('x', { labels: ['pod'] }), "'pod' is set by Millrace"],
    ['a label twice', () => own.gauge('x', { labels: ['a', 'a'] }), 'listed twice'],
    ['buckets that do not ascend', () => own.histogram('x', { buckets: [2, 1] }), 'ascending list'],
    ['an infinite bucket', () => own.histogram('x', { buckets: [1, Infinity] }), 'ascending list'],
    ['read with labels', () => own.gauge('x', { labels: ['a'], read: () => 1 }), 'without labels'],
  ])('for %s', (_what, declare, message) => {
    expect(declare).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(declare).toThrow(message)
  })

  it('and so is a value that Prometheus would refuse', () => {
    const counter = own.counter('found_total', { labels: ['kind'] })
    expect(() => counter.add(-1, { kind: 'a' })).toThrow('only grows')
    expect(() => counter.add(Number.NaN, { kind: 'a' })).toThrow('a finite number')
    expect(() => counter.add(1, {} as { kind: string })).toThrow("'kind' is a text")
    expect(() => counter.add(1, { kind: 'a', user: 'b' } as { kind: string })).toThrow("no label 'user'")
  })
})
