import type { Call } from '../call/call.js'
import type { SpanCall } from '../call/span-call.js'
import type { DataRequest } from '../wire/data-request.js'
import type { TaskMeter } from './lane.js'

/**
 * Reports to the observation of a request how long it waited and ran, and ends its span. The lane calls it, so it costs the request
 * no promise and no reading of the clock.
 */
export class ObservedTask implements TaskMeter<DataRequest> {
  readonly #call: Call
  readonly #span: SpanCall | undefined
  readonly #next: TaskMeter<DataRequest> | undefined

  /** `span`: the call, when it has a span of its own. `next` is called first. */
  constructor(call: Call, span: SpanCall | undefined, next: TaskMeter<DataRequest> | undefined) {
    this.#call = call
    this.#span = span
    this.#next = next
  }

  ended(waitedMs: number, tookMs: number, answer: DataRequest): void {
    this.#next?.ended(waitedMs, tookMs, answer)
    this.#ran(waitedMs, tookMs, answer.status?.code === 'ERROR')
    this.#span?.answered(answer)
  }

  failed(waitedMs: number, tookMs: number, error: unknown): void {
    this.#next?.failed(waitedMs, tookMs, error)
    this.#ran(waitedMs, tookMs, true)
    this.#span?.failed(error)
  }

  refused(reason: unknown): void {
    this.#next?.refused(reason)
    this.#span?.failed(reason)
  }

  #ran(queueMs: number, handlerMs: number, isFailure: boolean): void {
    const { observation } = this.#call
    observation?.event({ name: 'worker.started', queueMs })
    observation?.event({ name: 'worker.finished', handlerMs, isFailure })
  }
}
