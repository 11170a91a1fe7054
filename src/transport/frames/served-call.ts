import type { Call, Sender } from '../../call/call.js'
import { Cancellation } from '../../call/cancellation.js'
import type { ItemSink } from '../../call/items.js'
import type { Timed, Watched } from '../../lib/deadlines.js'
import { type TraceContext, traceparentOf } from '../../observe/tracing/trace-context.js'
import type { ReceivedFrame } from './frame.js'
import { decodeHeaders } from './headers.js'
import type { Report } from './report.js'

const noHeaders: Readonly<Record<string, string>> = Object.freeze({})

export interface ServedCallOwner {
  onExpire(call: ServedCall): void
}

export interface ServedCallOptions {
  readonly deadline: number
  /** The listener's own limit in milliseconds, when the deadline comes from it; else null. */
  readonly limitMs: number | null
  readonly sender: Sender
  readonly owner: ServedCallOwner
}

/**
 * A call on the serving side. `headers` is a getter that decodes on first read, so wrap a Call by naming its members, not with
 * `{ ...call }`.
 */
export class ServedCall extends Cancellation implements Call, Timed {
  readonly id: number
  readonly deadline: number
  watched: Watched | undefined = undefined
  readonly limitMs: number | null
  readonly sender: Sender
  items: ItemSink | undefined
  /** Collects what happens here, where the other end observes the request. */
  observation: Report | undefined
  readonly #owner: ServedCallOwner
  readonly context: TraceContext | undefined
  readonly #headerBytes: Uint8Array | null
  #headers: Readonly<Record<string, string>> | null = null

  constructor(
    { id, headers, context }: ReceivedFrame,
    { deadline, limitMs, sender, owner }: ServedCallOptions,
  ) {
    super()
    this.id = id
    this.sender = sender
    this.#headerBytes = headers
    this.context = context
    this.deadline = deadline
    this.limitMs = limitMs
    this.items = undefined
    this.observation = undefined
    this.#owner = owner
  }

  expire(): void {
    this.#owner.onExpire(this)
  }

  get headers(): Readonly<Record<string, string>> {
    return (this.#headers ??= this.#decoded())
  }

  #decoded(): Readonly<Record<string, string>> {
    if (this.#headerBytes !== null) return decodeHeaders(this.#headerBytes)
    return this.context === undefined ? noHeaders : { traceparent: traceparentOf(this.context) }
  }
}
