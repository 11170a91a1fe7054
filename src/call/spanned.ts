import { MillraceError } from '../errors.js'
import type { DataRequest } from '../wire/data-request.js'
import { Branch } from './branch.js'
import type { Call } from './call.js'
import type { ItemSink } from './items.js'
import type { Observation } from './observation.js'

/**
 * Runs a part of a request in a span, and ends the span with its outcome. `run` starts before `spanned` returns; its call has
 * the span's headers for the next hop. Only for observed calls.
 */
export function spanned(
  call: Call,
  observation: Observation,
  run: (call: Call) => Promise<DataRequest>,
): Promise<DataRequest> {
  const below = new ObservedCall(call, observation)
  const failed = (error: unknown): never => {
    observation.end({ kind: 'failed', error: MillraceError.from(error) })
    below.unlink()
    throw error
  }
  // not async, which costs each span two more promises
  try {
    return run(below).then((answer) => {
      observation.end({ kind: 'answered', answer })
      below.unlink()
      return answer
    }, failed)
  } catch (error) {
    return Promise.reject(error).catch(failed)
  }
}

class ObservedCall extends Branch {
  constructor(call: Call, observation: Observation) {
    const { headers } = observation
    super(call, {
      observation,
      headers: headers === undefined ? call.headers : { ...call.headers, ...headers },
      items: call.items && new ObservedItems(call.items, observation),
    })
  }

  /** Children end before the span does. */
  override abort(error: MillraceError): void {
    super.abort(error)
    this.observation?.end({ kind: 'failed', error })
  }
}

class ObservedItems implements ItemSink {
  readonly #next: ItemSink
  readonly #observation: Observation
  #count = 0

  constructor(next: ItemSink, observation: Observation) {
    this.#next = next
    this.#observation = observation
  }

  get count(): number {
    return this.#count
  }

  push(item: DataRequest): void | Promise<void> {
    const bytes = item.data?.byteLength ?? 0
    this.#observation.event({ name: 'stream.item', number: ++this.#count, bytes })
    return this.#next.push(item)
  }
}
