import type { Call } from '../call/call.js'
import type { DataRequest } from '../wire/data-request.js'
import { statusFromError } from '../wire/error-status.js'
import type { Executor } from './executor.js'

/** Turns the request into its own answer and adds the stage to the routes (jina.md 4.3). */
export function unchanged(request: DataRequest, deployment: string): DataRequest {
  const answer = request.answer()
  answer.addRoute({ executor: deployment })
  return answer
}

/** Class name of the Executor whose handler failed. */
export interface Failing {
  readonly executor: Executor
  readonly deployment: string
  readonly call: Call
  /** Called with the thrown value before the answer is sent. */
  readonly onError?: (error: unknown) => void
}

/**
 * The answer to a request whose handler failed: the request, with status ERROR (jina.md 2.10). The error is logged too, unless
 * the call was aborted: a handler that heeds its signal ends with an error then.
 */
export function failed(
  request: DataRequest,
  error: unknown,
  { executor, deployment, call, onError }: Failing,
): DataRequest {
  const answer = request.answer()
  const status = statusFromError(error, executor.constructor.name)
  const { code, description } = status
  const { requestId, endpoint } = request
  if (call.aborted === undefined) {
    const at = error instanceof Error ? error.stack?.match(/^ +at .*/mu)?.[0].trim() : undefined
    executor.logger.error(`${deployment} failed: ${description}`, { endpoint, requestId, at })
  }
  onError?.(error)
  answer.status = status
  answer.addRoute({ executor: deployment, status: { code, description } })
  return answer
}
