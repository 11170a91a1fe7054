import { countOf, type Distribution } from './histogram.js'
import type { Metric, MetricValue, Sample } from './report.js'

/** `prometheus`: the text format 0.0.4; `openmetrics`: OpenMetrics 1.0.0. */
export type TextFormat = 'prometheus' | 'openmetrics'

export const textTypes: Readonly<Record<TextFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** The format that the header `accept` of a scraper asks for; OpenMetrics only by name, whatever the weights. */
export function textFormatFor(accept: string): TextFormat {
  return accept.includes('application/openmetrics-text') ? 'openmetrics' : 'prometheus'
}

/**
 * Metrics as text for Prometheus.
 * https://prometheus.io/docs/instrumenting/exposition_formats/, https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export function metricsText(metrics: readonly Metric[], format: TextFormat): string {
  const lines = metrics.flatMap((metric) => {
    const { name, kind, help, samples } = metric
    // OpenMetrics names a counter without the suffix of its series
    const family = format === 'openmetrics' && kind === 'counter' ? name.replace(/_total$/, '') : name
    const text =
      format === 'openmetrics' ? escaped(help) : help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
    return [
      `# HELP ${family} ${text}`,
      `# TYPE ${family} ${kind}`,
      ...samples.flatMap((sample) => seriesOf(name, sample)),
    ]
  })
  return `${[...lines, ...(format === 'openmetrics' ? ['# EOF'] : [])].join('\n')}\n`
}

function seriesOf(name: string, { labels, value }: Sample): readonly string[] {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  if (typeof value === 'number') return [series(name, pairs, value)]
  return [
    ...('bounds' in value ? bucketsOf(name, pairs, value) : []),
    series(`${name}_sum`, pairs, value.sum),
    series(`${name}_count`, pairs, numberOf(value)),
  ]
}

function bucketsOf(
  name: string,
  pairs: readonly string[],
  { bounds, counts }: Distribution,
): readonly string[] {
  let below = 0
  return [...bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
    below += counts[index]!
    // OpenMetrics wants floats here
    const le = Number.isInteger(bound) ? `${bound}.0` : numeral(bound)
    return series(`${name}_bucket`, [...pairs, `le="${le}"`], below)
  })
}

function numberOf(value: Exclude<MetricValue, number>): number {
  return 'bounds' in value ? countOf(value) : value.count
}

function series(name: string, pairs: readonly string[], value: number): string {
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numeral(value)}`
}

function numeral(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

/** A label's value, or a help text of OpenMetrics. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}
