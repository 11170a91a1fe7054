import { documentsText, valueText } from '../../document/json-text.js'
import type { DataRequest } from '../data-request.js'
import type { Route } from '../routes.js'
import type { Status } from '../status.js'

/**
 * The JSON text of an answer in the form of Jina's HTTP gateways (jina.md 4.6): an envelope in camelCase, documents in
 * snake_case with explicit nulls. Numbers as in `documentText`.
 *
 * Throws INVALID_INPUT for tensors that JSON cannot hold, MALFORMED, and UNSUPPORTED for a Python pickle.
 */
export function answerText(answer: DataRequest): string {
  return bodyText(answer, documentsText(answer.docs))
}

/** The body of a request that got no answer: that of an answer with the status of the error, without documents. */
export function failureText(
  request: Pick<DataRequest, 'requestId' | 'endpoint' | 'targetExecutor'>,
  status: Status,
  detail?: readonly unknown[],
): string {
  const header = headerText({ ...request, status, timeout: undefined })
  const more = detail === undefined ? '' : `,"detail":${JSON.stringify(detail)}`
  return `{"header":${header},"parameters":{},"routes":[],"data":null${more}}`
}

function bodyText(answer: DataRequest, data: string): string {
  const { requestId, status, endpoint, targetExecutor, timeout } = answer
  const header = headerText({ requestId, status, endpoint, targetExecutor, timeout })
  const routes = answer.routes.map(routeText).join(',')
  return `{"header":${header},"parameters":${valueText(answer.readParameters())},"routes":[${routes}],"data":${data}}`
}

interface Header {
  readonly requestId: string
  readonly status: Status | undefined
  readonly endpoint: string
  readonly targetExecutor: string
  readonly timeout: number | undefined
}

function headerText({ requestId, status, endpoint, targetExecutor, timeout }: Header): string {
  return `{"requestId":${JSON.stringify(requestId)},"status":${statusText(status)},"execEndpoint":${textOrNull(endpoint)},"targetExecutor":${textOrNull(targetExecutor)},"timeout":${timeout ?? null}}`
}

/** The JSON text of a StatusProto; without one, that of success. */
export function statusText(status: Status | undefined): string {
  if (status === undefined) return '{"code":0,"description":"","exception":null}'
  const { code, description, exception = null } = status
  return JSON.stringify({ code: code === 'ERROR' ? 1 : 0, description, exception })
}

function routeText({ executor, startTime, endTime, status }: Route): string {
  return `{"executor":${JSON.stringify(executor)},"startTime":${timeText(startTime)},"endTime":${timeText(endTime)},"status":${status === undefined ? 'null' : statusText(status)}}`
}

function timeText(time: Date | undefined): string {
  return time === undefined || Number.isNaN(time.getTime()) ? 'null' : `"${time.toISOString()}"`
}

function textOrNull(text: string): string {
  return text === '' ? 'null' : JSON.stringify(text)
}
