import { Document, DocumentArray } from '../document/index.js'
import type { DataRequest } from '../wire/data-request.js'
import type { Call, Handler, Sender } from './call.js'
import { fromSignal } from './from-signal.js'
import type { ItemSink } from './items.js'
import { Scope } from './scope.js'

export interface CallInit {
  readonly deadline?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly sender?: Sender
  readonly items?: ItemSink
  /** Aborting it aborts the call. */
  readonly signal?: AbortSignal
}

/** A call for tests, without a deadline and never aborted by default. */
export function callOf({
  deadline = Number.POSITIVE_INFINITY,
  headers = {},
  sender,
  items,
  signal,
}: CallInit = {}): Scope {
  const call = new Scope(deadline, headers, sender)
  call.items = items
  if (signal !== undefined) fromSignal(signal).onAbort(call)
  return call
}

/** A sink that keeps every item. `push` returns what `wait` returns: a promise makes the producer wait. */
export class Items implements ItemSink {
  readonly all: DataRequest[] = []
  readonly #wait: (item: DataRequest) => void | Promise<void>

  constructor(wait: (item: DataRequest) => void | Promise<void> = () => {}) {
    this.#wait = wait
  }

  get count(): number {
    return this.all.length
  }

  get texts(): string[] {
    return this.all.map(({ docs }) => docs.at(0)!.text)
  }

  push(item: DataRequest): void | Promise<void> {
    this.all.push(item)
    return this.#wait(item)
  }
}

/** A handler that streams what a generator yields. */
export function streaming(
  generate: (request: DataRequest, call: Call) => AsyncIterable<DataRequest>,
): Handler {
  return async (request, call) => {
    for await (const item of generate(request, call)) {
      await call.items?.push(item)
      if (call.aborted !== undefined) throw call.aborted
    }
    return request.answer()
  }
}

/** A copy of a request with one document of this text. */
export function withText(request: DataRequest, text: string): DataRequest {
  const item = request.answer()
  item.docs = new DocumentArray([new Document({ text })])
  return item
}
