import { expect, it } from 'vitest'
import { type Metric, MetricReport } from './report.js'

const own = (name: string, kind: Metric['kind'], pod: string): Metric => ({
  name,
  kind,
  help: `of ${pod}`,
  samples: [{ labels: { pod }, value: 1 }],
})

it('metrics of several pods with one name are one metric', () => {
  const report = new MetricReport()
  expect(report.merge([own('found_total', 'counter', 'a')])).toEqual([])
  expect(report.merge([own('found_total', 'counter', 'b')])).toEqual([])
  expect(report.metrics).toMatchObject([
    { name: 'found_total', help: 'of a', samples: [{ labels: { pod: 'a' } }, { labels: { pod: 'b' } }] },
  ])
})

it('a metric of another kind is left out, and one that has the name of a series', () => {
  const report = new MetricReport()
  report.merge([own('found', 'histogram', 'a')])
  const others = [own('found', 'gauge', 'b'), own('found_count', 'gauge', 'b'), own('lost', 'gauge', 'b')]
  expect(report.merge(others)).toEqual(['found', 'found_count'])
  expect(report.metrics.map(({ name }) => name)).toEqual(['found', 'lost'])
})
