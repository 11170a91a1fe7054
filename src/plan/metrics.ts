import { MillraceError } from '../errors.js'
import type { MetricsRules } from '../gateway/metrics/metrics-rules.js'
import type { Option } from './option.js'
import { flag, group, hostName, integer, orTrue } from './option-kinds.js'

/** `metrics` of a Flow. */
export const metricsOption: Option<MetricsRules | null> = orTrue(
  group<MetricsRules>(
    { port: integer(0, 0, 65_535), host: hostName('127.0.0.1'), auth: flag(false) },
    '{ port, host, auth }',
  ),
)

/** The tokens of scrapers are those of clients. @throws INVALID_OPTION */
export function checkMetrics({
  metrics,
  auth,
}: {
  readonly metrics: MetricsRules | null
  readonly auth: object | null
}): void {
  if (metrics?.auth !== true || auth !== null) return
  throw new MillraceError(
    'INVALID_OPTION',
    'Flow: metrics.auth is true, and there are no tokens. Set auth as well, or leave out metrics.auth.',
  )
}
