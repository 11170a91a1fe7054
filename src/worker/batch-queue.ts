import type { Call } from '../call/call.js'
import type { AbortListener } from '../call/cancellation.js'
import type { Document } from '../document/index.js'
import type { Clock } from '../lib/clock.js'
import type { DataRequest } from '../wire/data-request.js'

/** A request that waits for its documents to be taken into batches. */
export interface Queued extends AbortListener {
  readonly request: DataRequest
  readonly call: Call
  readonly docs: readonly Document[]
  /** Monotonic milliseconds. */
  readonly arrived: number
  /** How many of its documents were taken. */
  taken: number
}

/** Documents of one request in one batch: those from `start`. */
export interface Part<Q extends Queued> {
  readonly entry: Q
  readonly start: number
  readonly docs: readonly Document[]
}

interface Group<Q extends Queued> {
  readonly key: string
  /** In order of arrival. */
  readonly entries: Set<Q>
  /** Documents that were not taken yet. */
  docs: number
  /** Its oldest request has waited for `timeoutMs`. */
  isDue: boolean
  cancelTimer: (() => void) | undefined
}

export interface BatchQueueOptions {
  readonly size: number
  readonly timeoutMs: number
  readonly clock: Clock
  /** Called when a group has waited for `timeoutMs`. */
  onDue(): void
}

/**
 * Requests that wait for a batch, in groups with equal parameters (the same bytes).
 *
 * 1. A batch has documents of one group, at most `size` of them, in order of arrival.
 * 2. Groups take turns: a group of which a batch was taken is last in the order of groups.
 * 3. Every operation is O(1), apart from the documents that it takes.
 */
export class BatchQueue<Q extends Queued> {
  readonly #options: BatchQueueOptions
  /** In the order of their turns. */
  readonly #groups = new Map<string, Group<Q>>()
  /** Groups that are full or due, in the order in which they became so. */
  readonly #ready = new Set<Group<Q>>()
  #requests = 0

  constructor(options: BatchQueueOptions) {
    this.#options = options
  }

  /** Requests with documents that were not taken yet. */
  get requests(): number {
    return this.#requests
  }

  /** Whether some group has `size` documents, or has waited for `timeoutMs`. */
  get isReady(): boolean {
    return this.#ready.size > 0
  }

  push(entry: Q): void {
    const key = keyOf(entry.request)
    let group = this.#groups.get(key)
    if (group === undefined) {
      group = { key, entries: new Set(), docs: 0, isDue: false, cancelTimer: undefined }
      this.#groups.set(key, group)
    }
    group.entries.add(entry)
    group.docs += entry.docs.length
    this.#requests++
    this.#update(group)
  }

  /** Does nothing for a request that is not queued. */
  remove(entry: Q): void {
    const group = this.#groups.get(keyOf(entry.request))
    if (group === undefined || !group.entries.delete(entry)) return
    this.#requests--
    group.docs -= entry.docs.length - entry.taken
    this.#update(group)
  }

  /** The next batch: of a group that is ready or, with `any`, of the group whose turn it is. Empty when there is none. */
  take({ any }: { readonly any: boolean }): Part<Q>[] {
    const [group] = any ? this.#groups.values() : this.#ready
    if (group === undefined) return []
    const parts: Part<Q>[] = []
    let room = this.#options.size
    for (const entry of group.entries) {
      if (room === 0) break
      const start = entry.taken
      const docs = entry.docs.slice(start, start + room)
      entry.taken += docs.length
      room -= docs.length
      parts.push({ entry, start, docs })
      if (entry.taken < entry.docs.length) continue
      group.entries.delete(entry)
      this.#requests--
    }
    group.docs -= this.#options.size - room
    this.#groups.delete(group.key)
    this.#groups.set(group.key, group)
    this.#rearm(group)
    this.#update(group)
    return parts
  }

  #update(group: Group<Q>): void {
    if (group.entries.size === 0) {
      this.#groups.delete(group.key)
      this.#ready.delete(group)
      group.cancelTimer?.()
      return
    }
    if (group.isDue || group.docs >= this.#options.size) this.#ready.add(group)
    else this.#ready.delete(group)
    if (group.cancelTimer === undefined && !group.isDue) this.#arm(group)
  }

  #rearm(group: Group<Q>): void {
    group.cancelTimer?.()
    group.cancelTimer = undefined
    group.isDue = false
  }

  #arm(group: Group<Q>): void {
    const [oldest] = group.entries
    const { clock, timeoutMs, onDue } = this.#options
    const left = oldest!.arrived + timeoutMs - clock.monotonic()
    if (left <= 0) {
      group.isDue = true
      this.#ready.add(group)
      return
    }
    group.cancelTimer = clock.after(left, () => {
      group.isDue = true
      this.#ready.add(group)
      onDue()
    })
  }
}

/** Requests with the same key may share a batch. */
function keyOf({ parameterBytes }: DataRequest): string {
  if (parameterBytes === undefined) return ''
  const { buffer, byteOffset, byteLength } = parameterBytes
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}
