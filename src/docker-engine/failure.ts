import { type ErrorCode, MillraceError } from '../errors.js'

/** What the engine answers with, by status code. */
const codes: Readonly<Record<number, ErrorCode>> = { 400: 'INVALID_OPTION', 404: 'NOT_FOUND' }

/** An error of the engine, in its own words behind ours. `doing`: what was tried, as 'The container x cannot be started'. */
export function dockerFailure(error: unknown, doing: string): MillraceError {
  if (MillraceError.is(error)) return error
  const { statusCode, code } = error as { readonly statusCode?: number; readonly code?: string }
  const message = doing === '' ? reasonOf(error) : `${doing}: ${reasonOf(error)}`
  const isGone = statusCode === undefined && code !== undefined
  return new MillraceError(isGone ? 'UNAVAILABLE' : (codes[statusCode ?? 0] ?? 'START_FAILED'), message, {
    cause: error,
  })
}

/** Whether the engine said that there is no such thing. */
export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404
}

/** Whether it is so already, or somebody else is at it. */
export function isConflict(error: unknown): boolean {
  const status = statusOf(error)
  return status === 304 || status === 409
}

/** What the engine says, without what dockerode puts before it: `(HTTP code 404) no such container - …`. */
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
