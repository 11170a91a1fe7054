import { type ErrorCode, MillraceError } from '../../../errors.js'
import type { ApiAnswer } from './cluster.js'
import type { ApiStatus } from './live.js'

/** The server's message for a refusal, in one line. */
export function reasonOf({ status, body }: ApiAnswer): string {
  const message = (body as ApiStatus | null)?.message
  const text = typeof message === 'string' ? message : typeof body === 'string' ? body : JSON.stringify(body)
  return `${text.trim().replaceAll(/\s+/g, ' ').slice(0, 2000)} (HTTP ${status})`
}

const codes: Readonly<Record<number, ErrorCode>> = { 401: 'FORBIDDEN', 403: 'FORBIDDEN', 404: 'NOT_FOUND' }

/** Converts a refusal to an error. `what`: the attempted operation, `list pods in namespace 'shop'`. */
export function refusal(answer: ApiAnswer, what: string, server: string): MillraceError {
  if (answer.status === 401) {
    return new MillraceError(
      'FORBIDDEN',
      `${server} does not accept the credentials of its user: cannot ${what}. ${reasonOf(answer)}. Log in again, or name another context.`,
    )
  }
  const code =
    codes[answer.status] ?? (answer.status >= 500 || answer.status === 429 ? 'UNAVAILABLE' : 'INTERNAL')
  return new MillraceError(code, `${server}: cannot ${what}: ${reasonOf(answer)}.`)
}
