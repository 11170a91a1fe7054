import { expect, it } from 'vitest'
import { Histogram } from './histogram.js'
import type { Metric } from './report.js'
import { metricsText, textFormatFor } from './text.js'

const histogram = new Histogram([0.1, 1])
for (const value of [0.05, 0.1, 0.5, 7]) histogram.observe(value)

const metrics: readonly Metric[] = [
  {
    name: 'a_requests_total',
    kind: 'counter',
    help: 'Requests with a \\ and a "quote".\nMore.',
    samples: [
      { labels: { path: '/a"b\\c\nd', code: 'OK' }, value: 3 },
      { labels: {}, value: Number.POSITIVE_INFINITY },
    ],
  },
  {
    name: 'a_seconds',
    kind: 'histogram',
    help: 'Times.',
    samples: [{ labels: { stage: 's' }, value: histogram.distribution }],
  },
  {
    name: 'a_bytes',
    kind: 'summary',
    help: 'Sizes.',
    samples: [{ labels: {}, value: { sum: 5.5, count: 2 } }],
  },
]

it('is written as Prometheus text 0.0.4', () => {
  expect(metricsText(metrics, 'prometheus').split('\n')).toEqual([
    '# HELP a_requests_total Requests with a \\\\ and a "quote".\\nMore.',
    '# TYPE a_requests_total counter',
    'a_requests_total{path="/a\\"b\\\\c\\nd",code="OK"} 3',
    'a_requests_total +Inf',
    '# HELP a_seconds Times.',
    '# TYPE a_seconds histogram',
    'a_seconds_bucket{stage="s",le="0.1"} 2',
    'a_seconds_bucket{stage="s",le="1.0"} 3',
    'a_seconds_bucket{stage="s",le="+Inf"} 4',
    'a_seconds_sum{stage="s"} 7.65',
    'a_seconds_count{stage="s"} 4',
    '# HELP a_bytes Sizes.',
    '# TYPE a_bytes summary',
    'a_bytes_sum 5.5',
    'a_bytes_count 2',
    '',
  ])
})

it('in OpenMetrics a counter is named without its suffix, and the text has an end', () => {
  const lines = metricsText(metrics, 'openmetrics').split('\n')
  expect(lines.slice(0, 3)).toEqual([
    '# HELP a_requests Requests with a \\\\ and a \\"quote\\".\\nMore.',
    '# TYPE a_requests counter',
    'a_requests_total{path="/a\\"b\\\\c\\nd",code="OK"} 3',
  ])
  expect(lines.slice(-2)).toEqual(['# EOF', ''])
})

it('is OpenMetrics only for scrapers that ask for it', () => {
  expect(textFormatFor('application/openmetrics-text;version=1.0.0;q=0.8,text/plain')).toBe('openmetrics')
  expect(textFormatFor('text/plain;version=0.0.4')).toBe('prometheus')
  expect(textFormatFor('')).toBe('prometheus')
})
