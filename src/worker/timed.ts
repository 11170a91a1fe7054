import type { Observation } from '../call/observation.js'
import { systemClock } from '../lib/clock.js'
import type { DataRequest } from '../wire/data-request.js'

/** Wraps a task: reports to the observation how long it waited from now until it began, and how long it took. */

export function timed<T extends readonly unknown[]>(
  observation: Observation,
  task: (...parameters: T) => Promise<DataRequest>,
): (...parameters: T) => Promise<DataRequest> {
  const arrived = systemClock.monotonic()
  return async (...parameters) => {
    const began = systemClock.monotonic()
    observation.event({ name: 'worker.started', queueMs: began - arrived })
    let isFailure = true
    try {
      const answer = await task(...parameters)
      isFailure = answer.status?.code === 'ERROR'
      return answer
    } finally {
      observation.event({ name: 'worker.finished', handlerMs: systemClock.monotonic() - began, isFailure })
    }
  }
}
