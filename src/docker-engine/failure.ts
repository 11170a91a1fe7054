import { type ErrorCode, MillraceError } from '../errors.js'

/** Error codes by HTTP status of the engine. */
const codes: Readonly<Record<number, ErrorCode>> = { 400: 'INVALID_OPTION', 404: 'NOT_FOUND' }

/** Wraps an error of the engine. `doing` is put before its message: 'The container x cannot be started'. */
export function dockerFailure(error: unknown, doing: string): MillraceError {
  if (MillraceError.is(error)) return error
  const { statusCode, code } = error as { readonly statusCode?: number; readonly code?: string }
  const message = doing === '' ? reasonOf(error) : `${doing}: ${reasonOf(error)}`
  const isGone = statusCode === undefined && code !== undefined
  return new MillraceError(isGone ? 'UNAVAILABLE' : (codes[statusCode ?? 0] ?? 'START_FAILED'), message, {
    cause: error,
  })
}

/** True for HTTP 404. */
export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404
}

/** True when the object is already in that state, or another operation is in progress. */
export function isConflict(error: unknown): boolean {
  const status = statusOf(error)
  return status === 304 || status === 409
}

/** The engine's message without dockerode's prefix `(HTTP code 404) no such container - …`. */
export function reasonOf(error: unknown): string {
  const { json, message } = error as {
    readonly json?: { readonly message?: unknown }
    readonly message?: string
  }
  const told = typeof json?.message === 'string' ? json.message : (message ?? String(error))
  const reason = told.replace(/^\(HTTP code \d+\) [^-]*- /, '').trim()
  return /[.!?]$/.test(reason) ? reason : `${reason}.`
}

function statusOf(error: unknown): number | undefined {
  return (error as { readonly statusCode?: number }).statusCode
}
