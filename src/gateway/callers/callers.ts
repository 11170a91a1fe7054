import type { MillraceError } from '../../errors.js'
import type { Authenticator } from '../auth/authenticator.js'
import type { RateLimiter } from '../rate-limit/rate-limiter.js'
import { type Callers, headerOf } from './caller.js'

export interface CallersOptions {
  /** Null: no token is needed. */
  readonly authenticator: Pick<Authenticator, 'check'> | null
  /** Null: callers may send as much as they like. */
  readonly limiter: Pick<RateLimiter, 'check' | 'counter'> | null
}

/**
 * Checks the token of a call, then the rate of its caller. A call that is refused for its token is not counted, so nobody can
 * use up what belongs to others. Health checks and reflection are not counted either.
 */
export function createCallers({ authenticator, limiter }: CallersOptions): Callers | undefined {
  if (authenticator === null && limiter === null) return undefined
  return {
    check(caller, purpose) {
      const isRequest = purpose === 'request' || purpose === 'open-request'
      const counted = (denial: MillraceError | null): MillraceError | null =>
        denial ?? (isRequest ? (limiter?.check(caller) ?? null) : null)
      const denial = authenticator?.check(headerOf(caller, 'authorization'), purpose) ?? null
      return denial instanceof Promise ? denial.then(counted) : counted(denial)
    },
    counter: (caller) => limiter?.counter(caller) ?? null,
  }
}
