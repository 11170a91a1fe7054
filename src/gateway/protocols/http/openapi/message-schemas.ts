import { streamEvents } from '../../../../wire/gateway-headers.js'
import type { RequestLimits } from '../../../../wire/request-limits.js'
import { integer, list, nullable, object, ref, type Schema, text } from './schema.js'

const status: Schema = object(
  {
    code: { ...integer, enum: [0, 1], description: '0 for success, 1 for an error.' },
    description: text,
    exception: {
      ...object(
        { name: text, args: list(text), stacks: list(text), executor: text },
        { required: ['name', 'args', 'stacks', 'executor'] },
      ),
      type: ['object', 'null'],
    },
  },
  { required: ['code', 'description', 'exception'] },
)

const answerHeader: Schema = object(
  {
    requestId: text,
    status: ref('Status'),
    execEndpoint: nullable(text),
    targetExecutor: nullable(text),
    timeout: nullable(integer),
  },
  { required: ['requestId', 'status', 'execEndpoint', 'targetExecutor', 'timeout'] },
)

const route: Schema = object(
  {
    executor: text,
    startTime: { ...nullable(text), format: 'date-time' },
    endTime: { ...nullable(text), format: 'date-time' },
    status: { anyOf: [ref('Status'), { type: 'null' }] },
  },
  {
    required: ['executor', 'startTime', 'endTime', 'status'],
    description: 'A stage that the request visited.',
  },
)

const place: Schema = object(
  { loc: list({ type: ['string', 'integer'] }), msg: text, type: text },
  { required: ['loc', 'msg', 'type'] },
)

const event: Schema = object(
  {
    event: { enum: Object.values(streamEvents) },
    data: {
      ...text,
      description:
        'For `update` a document, for `error` the body of the error: JSON, or, for a request in protobuf, a DataRequestProto in base64.',
    },
  },
  {
    required: ['event'],
    description: 'A server-sent event. A stream that does not end with `end` is not complete.',
  },
)

const failure: Schema = object(
  {
    header: ref('AnswerHeader'),
    parameters: { type: 'object' },
    routes: list(ref('Route')),
    data: { type: ['array', 'null'] },
    detail: {
      ...list(place),
      description: 'Where the body does not fit, for the status 422: `["body", "data", 0, "text"]`.',
    },
  },
  { required: ['header', 'parameters', 'routes', 'data'] },
)

/** Parts of requests and answers that all endpoints share. */
export function messageSchemas({ parameterValues }: RequestLimits): Readonly<Record<string, Schema>> {
  return {
    Parameters: {
      type: 'object',
      maxProperties: parameterValues,
      description: 'For the Executors; also `{ "STAGE": { … } }` or `"STAGE__NAME"` for one stage.',
    },
    TargetExecutor: {
      ...text,
      description: 'A regular expression for the names of stages: the request visits only those that match.',
    },
    Status: status,
    AnswerHeader: answerHeader,
    Route: route,
    Event: event,
    Failure: failure,
  }
}
