import type { Call } from '../call/call.js'
import type { ItemSink } from '../call/items.js'
import { MillraceError } from '../errors.js'
import { failed, unchanged } from '../executor/answers.js'
import { dryRunEndpoint } from '../executor/endpoints.js'
import type { Target } from '../executor/invoke.js'
import type { DataRequest } from '../wire/data-request.js'

export interface UnservedStreamOptions extends Pick<Target, 'executor' | 'deployment'> {
  readonly call: Call
  readonly items: ItemSink
  /** All endpoints, as the description of the replica lists them. */
  readonly endpoints: readonly string[]
  /** Requests for unknown endpoints are returned as they came. */
  readonly passesThrough: boolean
}

/** Answers a stream that no endpoint serves. Unlike a request, a stream to an unknown endpoint fails, as in Jina (jina.md 2.2). */
export async function streamUnserved(
  request: DataRequest,
  { call, items, endpoints, passesThrough, executor, deployment }: UnservedStreamOptions,
): Promise<DataRequest> {
  const { endpoint } = request
  if (endpoint === dryRunEndpoint || passesThrough) {
    const answer = unchanged(request, deployment)
    await items.push(answer)
    return answer.withList([])
  }
  const known = endpoints.join(', ')
  const error = new MillraceError('NOT_FOUND', `There is no endpoint '${endpoint}' here, only: ${known}.`)
  return failed(request, error, { executor, deployment, call })
}
