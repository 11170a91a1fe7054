import type { IncomingHttpHeaders } from 'node:http'
import { MillraceError } from '../../../errors.js'
import { timeoutHeader } from '../../../wire/gateway-headers.js'
import { callerHeaders } from '../caller-headers.js'

/** Header with the id of the request, in requests and in answers. */
export const requestIdHeader = 'x-request-id'

/** Headers that belong to the connection, to the body or to the browser: none of them reaches an Executor or an external server. */
const dropped = new Set([
  'accept',
  'accept-charset',
  'accept-language',
  'cache-control',
  'connection',
  'content-encoding',
  'content-language',
  'expect',
  'keep-alive',
  'origin',
  'pragma',
  'proxy-authorization',
  'proxy-connection',
  'referer',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'upgrade-insecure-requests',
  timeoutHeader,
])

/** Headers of a caller that Executors see: those of `callerHeaders` without those of HTTP. */
export function httpCallerHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const all = callerHeaders(headers)
  let kept: Record<string, string> | undefined
  for (const name in all) {
    if (dropped.has(name) || name.startsWith('sec-')) continue
    kept ??= {}
    kept[name] = all[name]!
  }
  return kept ?? none
}

const none: Readonly<Record<string, string>> = Object.freeze({})

/** Milliseconds that the caller waits: `Infinity` when it does not say, `NaN` when it is no number. */
export function callerTimeout(headers: IncomingHttpHeaders): number {
  const written = headers[timeoutHeader]
  if (written === undefined) return Number.POSITIVE_INFINITY
  return typeof written === 'string' && /^\d{1,9}$/.test(written) ? Number(written) : Number.NaN
}

/** The refusal of a header for which `callerTimeout` is `NaN`. */
export function badTimeout(headers: IncomingHttpHeaders): MillraceError {
  const what = `The header ${timeoutHeader} must be a number of milliseconds, not '${String(headers[timeoutHeader])}'.`
  return new MillraceError('INVALID_INPUT', what, { notRun: true })
}

/** The id that the caller gives in a header; undefined when there is none, or one that is no plain ASCII text of at most 128 letters. */
export function callerRequestId(headers: IncomingHttpHeaders): string | undefined {
  const id = headers[requestIdHeader]
  return typeof id === 'string' && isHeaderId(id) ? id : undefined
}

/** Whether an id can be sent in a header: an id from a body may have any letters. */
export function isHeaderId(id: string): boolean {
  return /^[\u0021-\u007e]{1,128}$/.test(id)
}
