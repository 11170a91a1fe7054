import type { IncomingMessage } from 'node:http'
import type { MillraceError } from '../../../errors.js'
import type { Purpose } from '../../auth/authenticator.js'
import type { Serving } from '../../serving.js'
import type { Exchange } from './exchange.js'

/** Paths of health checks; other spellings need a token. */
const healthPaths: ReadonlySet<string> = new Set(['/', '/health/live', '/health/ready'])

/**
 * Answers a request that may be answered, and refuses others. Not needed for the preflight requests of browsers, which have no
 * token and reach no endpoint.
 */
export function afterAuthentication(
  { authenticate }: Serving,
  exchange: Exchange,
  { message, answer }: { readonly message: IncomingMessage; readonly answer: () => void },
): void {
  const begin = (denial: MillraceError | null): void => {
    if (exchange.isAnswered) return
    if (denial === null) answer()
    else exchange.fail(denial)
  }
  const denial = authenticate?.(message.headers.authorization, purposeOf(message)) ?? null
  if (!(denial instanceof Promise)) return begin(denial)
  void denial.then(begin) // never rejects, by contract
}

function purposeOf({ method, url = '' }: IncomingMessage): Purpose {
  const isReading = method === 'GET' || method === 'HEAD'
  return isReading && healthPaths.has(url.split('?', 1)[0]!) ? 'health' : 'request'
}
