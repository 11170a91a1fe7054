import { Branch } from '../call/branch.js'
import type { Call } from '../call/call.js'
import type { ItemSink } from '../call/items.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { type Deadlines, deadlinesOf, type Timed, type Watched } from '../lib/deadlines.js'
import type { DataRequest } from '../wire/data-request.js'
import type { Load } from './load.js'

export interface StreamedHopOptions {
  readonly load: Load
  /** Milliseconds that the replica may take for the first item, and from one item to the next; null for no limit. */
  readonly timeoutMs: number | null
  readonly clock: Clock
}

/**
 * One stream at one replica. Its time limit does not run while the replica waits for a slow reader, and each item counts as
 * activity of the replica.
 */
export class StreamedHop implements ItemSink, Timed {
  readonly call: Branch
  /** When the next item is due. */
  deadline = Number.POSITIVE_INFINITY
  watched: Watched | undefined = undefined
  readonly #items: ItemSink
  readonly #options: StreamedHopOptions
  readonly #deadlines: Deadlines
  #count = 0
  #isOver = false

  constructor(call: Call, items: ItemSink, options: StreamedHopOptions) {
    this.#items = items
    this.#options = options
    this.#deadlines = deadlinesOf(options.clock)
    this.call = new Branch(call, { items: this })
    this.#start()
  }

  get count(): number {
    return this.#count
  }

  push(item: DataRequest): void | Promise<void> {
    this.#stop()
    this.#count++
    this.#options.load.heard()
    const room = this.#items.push(item)
    if (room === undefined) return this.#start()
    return room.then(() => this.#start())
  }

  expire(): void {
    const { timeoutMs } = this.#options
    const what = this.#count === 0 ? 'There was no document' : 'There was no further document'
    this.call.abort(new MillraceError('DEADLINE_EXCEEDED', `${what} within ${timeoutMs} ms.`))
  }

  /** Call it when the stream has ended, in whatever way. */
  release(): void {
    this.#isOver = true
    this.#stop()
    this.call.unlink()
  }

  #start(): void {
    const { timeoutMs, clock } = this.#options
    if (timeoutMs === null || this.#isOver) return
    this.deadline = clock.now() + timeoutMs
    this.#deadlines.watch(this)
  }

  #stop(): void {
    this.#deadlines.unwatch(this)
  }
}
