import type { DataRequest } from '../wire/data-request.js'
import type { Call } from './call.js'
import type { Observation } from './observation.js'
import { openSpan } from './span-call.js'

/**
 * Runs a part of a request in a span, and ends the span with its outcome. `run` starts before `spanned` returns; its call has
 * the span's headers for the next hop. Only for observed calls.
 */
export function spanned(
  call: Call,
  observation: Observation,
  run: (call: Call) => Promise<DataRequest>,
): Promise<DataRequest> {
  const below = openSpan(call, observation)
  const failed = (error: unknown): never => {
    below.failed(error)
    throw error
  }
  // not async, which costs each span two more promises
  try {
    return run(below).then((answer) => {
      below.answered(answer)
      return answer
    }, failed)
  } catch (error) {
    return Promise.reject(error).catch(failed)
  }
}
