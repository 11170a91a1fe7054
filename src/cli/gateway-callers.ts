import type { FlowOptions } from '../plan/flow-settings.js'
import { given, numberOption } from './option-values.js'
import { UsageError } from './usage-error.js'

/** `--rate-per-second`, `--rate-burst` and `--rate-by`. Checked where all options are. @throws UsageError */
export function rateLimitOf(values: {
  readonly 'rate-per-second'?: string
  readonly 'rate-burst'?: string
  readonly 'rate-by'?: string
}): Pick<FlowOptions, 'rateLimit'> {
  const { 'rate-per-second': perSecond, 'rate-burst': burst, 'rate-by': by } = values
  if (perSecond === undefined) {
    if (burst === undefined && by === undefined) return {}
    throw new UsageError('--rate-burst and --rate-by need --rate-per-second.')
  }
  if (!/^\d+(\.\d+)?$/.test(perSecond))
    throw new UsageError(`--rate-per-second must be a number, such as 50 or 0.2, not '${perSecond}'.`)
  return {
    rateLimit: {
      perSecond: Number(perSecond),
      ...given({ burst: numberOption(values, 'rate-burst'), by: by === undefined ? undefined : keyOf(by) }),
    },
  }
}

/** `address`, `token` or `header:NAME`. @throws UsageError */
function keyOf(written: string): 'address' | 'token' | { readonly header: string } {
  if (written === 'address' || written === 'token') return written
  const header = /^header:(.+)$/.exec(written)?.[1]
  if (header !== undefined) return { header }
  throw new UsageError(`--rate-by must be address, token or header:NAME, not '${written}'.`)
}

/** `--trust-proxy true`, a number of proxies, or their addresses; undefined when it was not given. */
export function trustProxyOf(written: readonly string[] | undefined): FlowOptions['trustProxy'] | undefined {
  const [first, ...others] = written ?? []
  if (first === undefined) return undefined
  if (others.length > 0) return [first, ...others]
  if (first === 'true' || first === 'false') return first === 'true'
  return /^\d+$/.test(first) ? Number(first) : [first]
}
