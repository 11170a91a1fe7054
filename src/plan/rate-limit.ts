import { MillraceError } from '../errors.js'
import type { RateKey, RateRules } from '../gateway/rate-limit/rate-rules.js'
import { isMapping } from '../lib/mapping.js'
import type { Option } from './option.js'

const mostPerSecond = 1_000_000
const headerName = /^[\w!#%&'*+.^`|~-]+$/

/** The option `rateLimit`. */
export const rateLimitOption: Option<RateRules | null> = {
  expected: `null, or { perSecond, burst, by } with perSecond a number above 0 and at most ${mostPerSecond}, burst a whole number from 1 to ${mostPerSecond} (default: perSecond, rounded up), and by 'address' (the default), 'token' or { header: NAME }`,
  preset: null,
  parse(given) {
    if (given === null) return null
    if (!isMapping(given)) return undefined
    const {
      perSecond,
      burst = Math.max(1, Math.ceil(Number(perSecond))),
      by: key = 'address',
      ...others
    } = given
    const by = keyOf(key)
    const isRate = typeof perSecond === 'number' && perSecond > 0 && perSecond <= mostPerSecond
    const isBurst = Number.isInteger(burst) && Number(burst) >= 1 && Number(burst) <= mostPerSecond
    if (!isRate || !isBurst || by === undefined || Object.keys(others).length > 0) return undefined
    return { perSecond, burst: Number(burst), by }
  },
}

function keyOf(given: unknown): RateKey | undefined {
  if (typeof given === 'string')
    return (['address', 'token'] as const).find((key) => key === given.toLowerCase())
  if (!isMapping(given)) return undefined
  const { header, ...others } = given
  const isName = typeof header === 'string' && headerName.test(header) && Object.keys(others).length === 0
  return isName ? { header: header.toLowerCase() } : undefined
}

/** Without `auth` clients could invent tokens. @throws INVALID_OPTION */
export function checkRateLimit({
  rateLimit,
  auth,
}: {
  readonly rateLimit: RateRules | null
  readonly auth: object | null
}): void {
  if (rateLimit?.by !== 'token' || auth !== null) return
  throw new MillraceError(
    'INVALID_OPTION',
    "Flow: rateLimit.by is 'token', and without auth clients can send any token. Set auth, or by: 'address'.",
  )
}
