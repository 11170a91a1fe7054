import { type Place, placeOf, setPlace, type Wrong } from '../document/json-place.js'
import { MillraceError, type ErrorCode, type Whereabouts } from '../errors.js'
import type { Status, StatusException } from './status.js'

/** Most lines of a stack trace, causes included. */
const maxLines = 200
/** Most UTF-16 units of a message, and of a stack trace. */
const maxLength = 16_384

/** Codes that a worker sets itself; every other error of a handler becomes EXECUTOR_FAILED. */
const workerCodes: ReadonlySet<string> = new Set<ErrorCode>([
  'INVALID_RESULT',
  'INVALID_INPUT',
  'MALFORMED',
  'UNSUPPORTED',
])

/**
 * The status of an answer for a value that a handler threw. `description` is `TypeError: message` (Jina uses Python's repr,
 * `TypeError('message')`; no known client parses it). `args` is the message, followed by the code for a MillraceError, and for
 * documents or parameters that do not fit the types of the endpoint by their place and the reason as JSON.
 * `stacks` are lines with their line ends, as Python formats them. Never throws, whatever was thrown.
 */
export function statusFromError(error: unknown, executorName: string): Status {
  try {
    return describe(error, executorName)
  } catch {
    // a thrown Proxy, or an error with getters that throw
    const description = 'Error: what was thrown cannot be read'
    return {
      code: 'ERROR',
      description,
      exception: { name: 'Error', args: [], stacks: [], executor: executorName },
    }
  }
}

function describe(error: unknown, executor: string): Status {
  if (!isError(error)) {
    const shown = cut(show(error))
    const description = `Error: expected an Error to be thrown, got ${shown}`
    return {
      code: 'ERROR',
      description,
      exception: { name: typeof error, args: [shown], stacks: [], executor },
    }
  }
  const name = text(error.name)
  const message = cut(text(error.message))
  return {
    code: 'ERROR',
    description: message === '' ? name : `${name}: ${message}`,
    exception: {
      name,
      args: MillraceError.is(error) ? [message, error.code, ...misfitOf(error)] : [message],
      stacks: stackLines(error),
      executor,
    },
  }
}

/** What of a request does not fit the types of the endpoint: `["data", 3, "title"]`. */
function misfitOf(error: MillraceError): readonly string[] {
  const wrong = placeOf(error)
  return wrong === undefined || !isOfRequest(wrong.place) ? [] : [cut(JSON.stringify(wrong))]
}

function isOfRequest(place: Place): boolean {
  return place[0] === 'data' || place[0] === 'parameters'
}

/** Errors of other realms and of other copies of this package are not instances of Error here. */
function isError(value: unknown): value is Error {
  return (
    value instanceof Error ||
    (typeof value === 'object' && value !== null && 'message' in value && 'name' in value)
  )
}

function show(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  return JSON.stringify(value) ?? Object.prototype.toString.call(value)
}

/** User code may have set these properties to values of any type. */
function text(value: unknown): string {
  return String(value)
}

function cut(text: string): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`
}

function stackLines(error: Error): string[] {
  const lines: string[] = []
  const seen = new Set<unknown>()
  let current: unknown = error
  let room = maxLength
  while (isError(current) && !seen.has(current) && lines.length < maxLines && room > 0) {
    seen.add(current)
    const stack = text(current.stack ?? current.message).slice(0, room)
    room -= stack.length
    const [first = '', ...rest] = stack.split('\n')
    lines.push(seen.size === 1 ? first : `Caused by: ${first}`, ...rest)
    current = current.cause
  }
  return lines.slice(0, maxLines).map((line) => `${line}\n`)
}

/**
 * The error of a failed answer: EXECUTOR_FAILED, or a code that the worker itself sets, such as INVALID_RESULT, with the
 * executor's message. `cause` is an Error with the name, message and stack of the remote error.
 */
export function errorFromStatus(status: Status, where: Whereabouts = {}): MillraceError {
  const { description, exception } = status
  const name = where.deployment ?? exception?.executor ?? ''
  const stage = name === '' ? 'An executor' : `The executor of ${name}`
  const endpoint = where.endpoint === undefined ? '' : ` at ${where.endpoint}`
  const what = description === '' ? 'an error without a description' : description
  const error = new MillraceError(codeOf(exception), `${stage} failed${endpoint}: ${what}`, {
    cause: exception === undefined ? undefined : remoteError(exception, description),
    where,
    retryable: false,
  })
  const wrong = error.code === 'INVALID_INPUT' ? parseMisfit(exception?.args[2]) : undefined
  if (wrong !== undefined) setPlace(error, wrong)
  return error
}

/** Undefined for anything that `misfitOf` does not write. */
function parseMisfit(text: string | undefined): Wrong | undefined {
  if (text === undefined) return undefined
  try {
    const { place, reason } = JSON.parse(text) as { readonly place: unknown; readonly reason: unknown }
    const isPlace =
      Array.isArray(place) && place.every((step) => typeof step === 'string' || typeof step === 'number')
    if (isPlace && isOfRequest(place) && typeof reason === 'string') return { place, reason }
  } catch {
    // an Executor's own error, or one that was cut
  }
  return undefined
}

function codeOf(exception: StatusException | undefined): ErrorCode {
  const code = exception?.name === 'MillraceError' ? exception.args[1] : undefined
  return code !== undefined && workerCodes.has(code) ? (code as ErrorCode) : 'EXECUTOR_FAILED'
}

function remoteError(exception: StatusException, description: string): Error {
  const error = new Error(exception.args[0] ?? description)
  Object.defineProperty(error, 'name', { value: exception.name, configurable: true, writable: true })
  error.stack =
    exception.stacks.length > 0
      ? exception.stacks.map((line) => line.replace(/\n$/, '')).join('\n')
      : description
  return error
}
