import { MillraceError } from '../errors.js'
import type { MetricsRules } from '../gateway/metrics/metrics-rules.js'

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
