import type { LatencySummary } from './latencies.js'
import type { Measured, Pace } from './load.js'
import { table } from '../table.js'

/** Width of the longest bar. */
const barWidth = 40

/** What a benchmark has measured, as `--json` prints it. */
export interface Report {
  readonly endpoint: string
  readonly host: string
  readonly pace: Pace
  readonly documentsPerRequest: number
  readonly seconds: number
  readonly answered: number
  /** Answered requests a second. */
  readonly perSecond: number
  readonly failed: number
  /** How often requests failed, by code. */
  readonly failures: Readonly<Record<string, number>>
  /** Requests of an open loop that were due and not sent, because too many were in flight. */
  readonly unsent: number
  /** Null when no request was answered. */
  readonly latencyMs: LatencySummary | null
}

export function reportOf(
  about: Pick<Report, 'endpoint' | 'host' | 'pace' | 'documentsPerRequest'>,
  { latencies, answered, failures, unsent, seconds }: Measured,
): Report {
  const failed = [...failures.values()].reduce((sum, count) => sum + count, 0)
  const perSecond = seconds === 0 ? 0 : answered / seconds
  return {
    ...about,
    seconds,
    answered,
    perSecond,
    failed,
    failures: Object.fromEntries(failures),
    unsent,
    latencyMs: latencies.summary(),
  }
}

export function renderReport(report: Report): string {
  const { endpoint, host, pace, answered, seconds, perSecond, failed, failures, unsent, latencyMs } = report
  const how = pace.kind === 'closed' ? `${pace.concurrency} at once` : `${pace.rate} a second`
  const codes = Object.entries(failures).map(([code, count]) => `${count} ${code}`)
  return [
    `${endpoint} at ${host}, ${how}`,
    `${answered} requests answered in ${seconds.toFixed(2)} s: ${perSecond.toFixed(1)} a second`,
    ...(failed > 0 ? [`${failed} failed: ${codes.join(', ')}`] : []),
    ...(unsent > 0 ? [`${unsent} were due and not sent: too many were in flight`] : []),
    ...(latencyMs === null ? [] : ['', ...latencyLines(latencyMs)]),
  ].join('\n')
}

function latencyLines({ mean, max, percentiles }: LatencySummary): readonly string[] {
  const rows: readonly (readonly [string, number])[] = [
    ['mean', mean],
    ...Object.entries(percentiles).map(([percentile, ms]) => [`p${percentile}`, ms] as const),
    ['max', max],
  ]
  const lines = rows.map(([name, ms]) => [name, ms.toFixed(2), '█'.repeat(Math.round((ms / max) * barWidth))])
  return table([['LATENCY', 'MS', ''], ...lines], new Set([1]))
}
