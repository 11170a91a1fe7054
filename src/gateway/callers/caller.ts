import type { MillraceError } from '../../errors.js'
import type { Purpose } from '../auth/authenticator.js'

/** Who makes a call, as far as the first bytes of the call say. */
export interface Caller {
  /** With lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Address at the other end of the connection, without port; empty when the connection is closed. */
  readonly address: string
}

/** Decides whether a call is served: null lets it in, an error refuses it. Never rejects. */
export type CheckCaller = (
  caller: Caller,
  purpose: Purpose,
) => MillraceError | null | Promise<MillraceError | null>

/**
 * Counts one more request of a stream that was let in. Returns after how many milliseconds the next one may be read; 0 is now.
 */
export type CountRequest = () => number

/** The decisions on callers, which all protocols share. */
export interface Callers {
  /** Asked once for each call: a request, or a stream of requests. */
  readonly check: CheckCaller
  /** For the requests of a stream besides the first one; null when their number is not limited. */
  counter(caller: Caller): CountRequest | null
}

/** The value of a header; several are joined as if they were one list (RFC 9110, 5.3). */
export function headerOf({ headers }: Caller, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' || value === undefined ? value : value.join(', ')
}
