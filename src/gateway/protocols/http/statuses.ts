import type { ErrorCode, MillraceError } from '../../../errors.js'

/** Statuses of errors (docs/http.md has the table); other errors are answered with 500. */
const statuses: Partial<Record<ErrorCode, number>> = {
  INVALID_INPUT: 422,
  MALFORMED: 400,
  UNAUTHENTICATED: 401,
  NOT_FOUND: 404,
  UNSUPPORTED: 501,
  RESOURCE_EXHAUSTED: 429,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
  CANCELLED: 499,
}

/** The HTTP status of a request that got no answer. */
export function statusOf({ code, retryable, notRun, where }: MillraceError): number {
  switch (code) {
    case 'NOT_FOUND':
      // the server of a stage has no such method: Jina's clients raise ConnectionError for 503 (jina.md 5.2)
      return where.deployment === undefined ? 404 : 503
    case 'RESOURCE_EXHAUSTED':
      // an answer that is too large stays too large
      return retryable || notRun ? 429 : 500
    default:
      return statuses[code] ?? 500
  }
}
