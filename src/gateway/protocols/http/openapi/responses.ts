import { eventsType, notRunHeader, protobufType, statusHeader } from '../../../../wire/gateway-headers.js'
import { ref, type Schema, text } from './schema.js'

export const jsonName = 'application/json'

interface Reason {
  readonly status: number
  readonly description: string
  readonly headers?: Readonly<Record<string, unknown>>
}

const retryAfter = { 'retry-after': { schema: { type: 'integer', minimum: 1 }, description: 'Seconds.' } }

/** Errors of a request, as in the table of docs/http.md. */
const reasons: Readonly<Record<string, Reason>> = {
  Malformed: {
    status: 400,
    description: 'Not JSON in UTF-8, malformed protobuf, or a time-out that is no number.',
  },
  NotFound: { status: 404, description: 'There is no such endpoint; the text names the nearest.' },
  NotAcceptable: {
    status: 406,
    description:
      'The answer has a tensor that JSON cannot hold: accept application/x-protobuf. Or a GET does not accept text/event-stream, which is all that it gets.',
  },
  Stalled: { status: 408, description: 'The body did not arrive in time.' },
  TooLarge: { status: 413, description: 'The body is larger than the Flow takes, compressed or unpacked.' },
  UnknownType: {
    status: 415,
    description: 'The body is neither JSON nor protobuf, or its content-encoding is unknown.',
  },
  Invalid: { status: 422, description: 'The body does not fit: `detail[0].loc` is the place.' },
  Full: {
    status: 429,
    description: 'There is no room now: send the request again later.',
    headers: retryAfter,
  },
  Failed: { status: 500, description: 'An error that sending again does not help.' },
  Unsupported: {
    status: 501,
    description: 'Not possible here, such as documents in a Python pickle as JSON.',
  },
  Unavailable: {
    status: 503,
    description: 'No replica, or a server elsewhere is down: send the request again later.',
    headers: retryAfter,
  },
  Late: { status: 504, description: 'The time for the request has passed.' },
}

const unauthenticated: Reason = {
  status: 401,
  description: 'A token is missing, or not valid.',
  headers: { 'www-authenticate': { schema: text } },
}

const requestId = {
  schema: text,
  description: 'The id of the request, unless it has letters that a header cannot have.',
}
const errorCode = { schema: text, description: 'The code of the error.' }
const notRun = {
  schema: { const: 'true' },
  description: 'No Executor saw the request, so it can be sent again.',
}

/** `components.responses`. */
export function failureResponses(hasTokens: boolean): Readonly<Record<string, unknown>> {
  const all = { ...(hasTokens && { Unauthenticated: unauthenticated }), ...reasons }
  return {
    ...Object.fromEntries(Object.entries(all).map(([name, reason]) => [name, failure(reason)])),
    HeadersTooLarge: {
      description: 'The headers have more than 16 KiB together.',
      content: { 'text/plain': { schema: text } },
    },
  }
}

function failure({ description, headers }: Reason): unknown {
  return {
    description,
    headers: {
      'x-request-id': requestId,
      [statusHeader]: { required: true, ...errorCode },
      [notRunHeader]: notRun,
      ...headers,
    },
    content: { [jsonName]: { schema: ref('Failure') }, [protobufType]: {} },
  }
}

/** The errors that any route may answer with, by status; with the errors of bodies and of the Flow for `isRequest`. */
export function failuresOf({
  hasTokens,
  isRequest,
}: {
  readonly hasTokens: boolean
  readonly isRequest: boolean
}): Readonly<Record<string, unknown>> {
  const named = (name: string): unknown => ({ $ref: `#/components/responses/${name}` })
  const entries = Object.entries(reasons).filter(([name]) => isRequest || common.has(name))
  return {
    ...Object.fromEntries(entries.map(([name, { status }]) => [status, named(name)])),
    ...(hasTokens && { 401: named('Unauthenticated') }),
    431: named('HeadersTooLarge'),
  }
}

/** Errors of routes that take no request: time-outs of clients, limits on connections, a check of tokens that fails. */
const common: ReadonlySet<string> = new Set(['Malformed', 'Full', 'Failed', 'Unavailable', 'Late'])

/** The answer of a request: JSON, protobuf, or a stream of events, as the header `accept` asks. */
export function answered(answer: Schema): unknown {
  return {
    description:
      'The answer; also when an Executor failed: then `header.status.code` is 1, and the header millrace-status is the code of the error.',
    headers: {
      'x-request-id': requestId,
      [statusHeader]: { schema: text, description: '`OK`, or the code of the error.' },
    },
    content: { [jsonName]: { schema: answer }, [protobufType]: {}, [eventsType]: { schema: ref('Event') } },
  }
}

/** The answer of a GET that asks for a stream. */
export const streamed: unknown = {
  description:
    'Server-sent events: `update` with a document as its data for each document, `end` after the last, or `error`.',
  headers: { 'x-request-id': requestId },
  content: { [eventsType]: { schema: ref('Event') } },
}

export function jsonAnswer(description: string, schema: Schema): unknown {
  return { description, headers: { 'x-request-id': requestId }, content: { [jsonName]: { schema } } }
}
