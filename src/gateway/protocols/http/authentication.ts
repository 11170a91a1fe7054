import type { IncomingMessage } from 'node:http'
import type { MillraceError } from '../../../errors.js'
import { docsPaths } from '../../docs-page.js'
import type { Purpose } from '../../auth/authenticator.js'
import type { Serving } from '../../serving.js'
import type { Exchange } from './exchange.js'

/** Paths that may be open, or are not counted as requests; with other spellings they are requests. */
const purposes: ReadonlyMap<string, Purpose> = new Map([
  ['/', 'health'],
  ['/health/live', 'health'],
  ['/health/ready', 'health'],
  ['/status', 'description'],
  ['/openapi.json', 'openapi'],
  ...docsPaths.map((path): [string, Purpose] => [path, 'docs']),
])

export interface Admission {
  readonly message: IncomingMessage
  /** Default: what method and path say. */
  readonly purpose?: Purpose
  /** Called when the request may be answered. */
  answer(): void
}

/**
 * Answers a request that may be answered, and refuses others. Not needed for the preflight requests of browsers, which have no
 * token and reach no endpoint.
 */
export function afterAuthentication(
  { callers }: Serving,
  exchange: Exchange,
  { message, purpose = purposeOf(message), answer }: Admission,
): void {
  const begin = (denial: MillraceError | null): void => {
    if (exchange.isAnswered) return
    if (denial === null) answer()
    else exchange.fail(denial)
  }
  const { address } = exchange
  const denial = callers?.check({ headers: message.headers, address }, purpose) ?? null
  if (!(denial instanceof Promise)) return begin(denial)
  void denial.then(begin) // never rejects, by contract
}

function purposeOf({ method, url = '' }: IncomingMessage): Purpose {
  const isReading = method === 'GET' || method === 'HEAD'
  return (isReading && purposes.get(url.split('?', 1)[0]!)) || 'request'
}
