import type { Call } from '../call/call.js'
import { type ErrorCode, MillraceError } from '../errors.js'
import type { DataRequest } from '../wire/data-request.js'
import { statusFromError } from '../wire/error-status.js'
import { eventKey } from '../observe/relay.js'
import { requestFields } from './endpoint-context.js'
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
 * The answer to a request whose handler failed: the request, with status ERROR (jina.md 2.10). The error is logged too, with
 * its stack and causes, unless the call was aborted: a handler that heeds its signal ends with an error then. An error of the
 * caller is a warning without a stack.
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
    const reason = MillraceError.is(error) ? error.code : 'EXECUTOR_FAILED'
    const fields = {
      ...{ endpoint, code: reason, ...requestFields(requestId, call) },
      [eventKey]: `${requestId} ${description}`,
    }
    if (isCallersMistake(error))
      executor.logger.warn(`${deployment} refused a request: ${error.message}`, fields)
    else
      executor.logger.error(`${deployment} failed: ${description}`, {
        ...fields,
        ...(error instanceof Error && { error }),
      })
  }
  onError?.(error)
  answer.status = status
  answer.addRoute({ executor: deployment, status: { code, description } })
  return answer
}

const callersMistakes: ReadonlySet<ErrorCode> = new Set([
  'INVALID_INPUT',
  'INVALID_OPTION',
  'UNKNOWN_OPTION',
  'MALFORMED',
  'UNSUPPORTED',
  'NOT_FOUND',
])

function isCallersMistake(error: unknown): error is MillraceError {
  return MillraceError.is(error) && callersMistakes.has(error.code)
}
