import type { Call } from '../call/call.js'
import type { DataRequest } from '../wire/data-request.js'
import { statusFromError } from '../wire/error-status.js'
import type { Executor } from './executor.js'

/** The request as its own answer, with the stage added to the routes (jina.md 4.3). */
export function unchanged(request: DataRequest, deployment: string): DataRequest {
  const answer = request.answer()
  answer.addRoute({ executor: deployment })
  return answer
}

/** Whose handler failed. */
export interface Failing {
  readonly executor: Executor
  readonly deployment: string
  readonly call: Call
  /** Told what was thrown, before the answer goes out. */
  readonly onError?: (error: unknown) => void
}

/**
 * The answer to a request whose handler failed: the request, with status ERROR (jina.md 2.10). It is logged too,
 * unless nobody waits for the answer any more: a handler that heeds its signal ends with an error then.
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
