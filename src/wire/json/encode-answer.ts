import { Document } from '../../document/index.js'
import { documentText, valueText } from '../../document/json-text.js'
import { decodeDoc, nodesText } from '../../document/v2/index.js'
import { Reader } from '../../lib/protobuf/reader.js'
import type { DataRequest } from '../data-request.js'
import { docsTag } from '../lists/list.js'
import type { Route } from '../routes.js'
import type { Status } from '../status.js'
import { versionOf } from '../version.js'

/** Names of members of an answer's envelope. */
export interface Envelope {
  readonly requestId: string
  readonly execEndpoint: string
  readonly targetExecutor: string
  readonly startTime: string
  readonly endTime: string
}

/** The envelope of Jina's HTTP gateways (jina.md 4.6). */
export const camelCase: Envelope = {
  requestId: 'requestId',
  execEndpoint: 'execEndpoint',
  targetExecutor: 'targetExecutor',
  startTime: 'startTime',
  endTime: 'endTime',
}

/** The envelope of Jina's WebSocket gateways (jina.md 4.9). */
export const snakeCase: Envelope = {
  requestId: 'request_id',
  execEndpoint: 'exec_endpoint',
  targetExecutor: 'target_executor',
  startTime: 'start_time',
  endTime: 'end_time',
}

/**
 * The JSON text of an answer in the form of Jina's gateways (jina.md 4.6 and 4.9): documents in snake_case with explicit
 * nulls; those of DocArray v2 with their fields by name (`nodesText`). Numbers as in `documentText`. One document is decoded at a time.
 *
 * Throws INVALID_INPUT for tensors that JSON cannot hold, MALFORMED, and UNSUPPORTED for a Python pickle.
 */
export function answerText(answer: DataRequest, envelope?: Envelope): string {
  let text = ''
  for (const piece of answerPieces(answer, envelope)) text += piece
  return text
}

/** The same in pieces, for texts that should not be in memory as a whole. */
export function* answerPieces(answer: DataRequest, envelope: Envelope = camelCase): Generator<string> {
  const { requestId, status, endpoint, targetExecutor, timeout } = answer
  const header = headerText({ requestId, status, endpoint, targetExecutor, timeout }, envelope)
  const routes = answer.routes.map((route) => routeText(route, envelope)).join(',')
  let before = `{"header":${header},"parameters":${valueText(answer.readParameters())},"routes":[${routes}],"data":[`
  for (const document of documentTexts(answer)) {
    yield before
    yield document
    before = ','
  }
  yield before === ',' ? ']}' : `${before}]}`
}

/** The JSON text of each document, of either format: one is decoded at a time, and kept by nobody else. Throws as `answerText` does. */
export function* documentTexts(answer: DataRequest): Generator<string> {
  const { list } = answer
  const isV2 = versionOf(answer) === 'v2'
  const reader = new Reader(list ?? new Uint8Array())
  while (!reader.done) {
    const tag = reader.tag()
    if (tag !== docsTag) {
      reader.skip(tag)
      continue
    }
    const bytes = reader.bytes()
    yield isV2 ? nodesText(decodeDoc(bytes)) : documentText(Document.fromProtobuf(bytes))
  }
}

/** The body of a request that got no answer: that of an answer with the status of the error, without documents. */
export function failureText(
  request: Pick<DataRequest, 'requestId' | 'endpoint' | 'targetExecutor'>,
  status: Status,
  detail?: readonly unknown[],
): string {
  const header = headerText({ ...request, status, timeout: undefined }, camelCase)
  const more = detail === undefined ? '' : `,"detail":${JSON.stringify(detail)}`
  return `{"header":${header},"parameters":{},"routes":[],"data":null${more}}`
}

interface Header {
  readonly requestId: string
  readonly status: Status | undefined
  readonly endpoint: string
  readonly targetExecutor: string
  readonly timeout: number | undefined
}

function headerText(
  { requestId, status, endpoint, targetExecutor, timeout }: Header,
  names: Envelope,
): string {
  return `{"${names.requestId}":${JSON.stringify(requestId)},"status":${statusText(status)},"${names.execEndpoint}":${textOrNull(endpoint)},"${names.targetExecutor}":${textOrNull(targetExecutor)},"timeout":${timeout ?? null}}`
}

/** The JSON text of a StatusProto; without one, that of success. */
export function statusText(status: Status | undefined): string {
  if (status === undefined) return '{"code":0,"description":"","exception":null}'
  const { code, description, exception = null } = status
  return JSON.stringify({ code: code === 'ERROR' ? 1 : 0, description, exception })
}

function routeText({ executor, startTime, endTime, status }: Route, names: Envelope): string {
  return `{"executor":${JSON.stringify(executor)},"${names.startTime}":${timeText(startTime)},"${names.endTime}":${timeText(endTime)},"status":${status === undefined ? 'null' : statusText(status)}}`
}

/** The last second that was written, and its text: most times are of the same one. */
let second = Number.NaN
let secondText = ''

/** As `toISOString`, which takes ten times as long. */
function timeText(time: Date | undefined): string {
  const at = time?.getTime() ?? Number.NaN
  if (Number.isNaN(at)) return 'null'
  const whole = Math.floor(at / 1000)
  if (whole !== second) {
    second = whole
    secondText = `"${new Date(whole * 1000).toISOString().slice(0, -4)}`
  }
  return `${secondText}${String(at - whole * 1000).padStart(3, '0')}Z"`
}

function textOrNull(text: string): string {
  return text === '' ? 'null' : JSON.stringify(text)
}
