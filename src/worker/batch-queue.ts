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
  /** What each document counts towards `size`; undefined: 1. */
  readonly weights: readonly number[] | undefined
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
  /** Weight of the documents that were not taken yet. */
  weight: number
  /** Its oldest request has waited for `timeoutMs`. */
  isDue: boolean
  cancelTimer: (() => void) | undefined
}

/** A batch that was taken. */
export interface Taken<Q extends Queued> {
  /** Empty when there was no batch. */
  readonly parts: readonly Part<Q>[]
  /** Further documents would not have fitted. */
  readonly isFull: boolean
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
 * 1. A batch has documents of one group, at most `size` of them by weight, in order of arrival. One above `size` is alone.
 * 2. Groups take turns: a group of which a batch was taken is last in the order of groups.
 * 3. Every operation but `resize` is O(1), apart from the documents that it takes.
 */
export class BatchQueue<Q extends Queued> {
  readonly #options: BatchQueueOptions
  /** In the order of their turns. */
  readonly #groups = new Map<string, Group<Q>>()
  /** Groups that are full or due, in the order in which they became so. */
  readonly #ready = new Set<Group<Q>>()
  #requests = 0
  #size: number

  constructor(options: BatchQueueOptions) {
    this.#options = options
    this.#size = options.size
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
      group = { key, entries: new Set(), weight: 0, isDue: false, cancelTimer: undefined }
      this.#groups.set(key, group)
    }
    group.entries.add(entry)
    group.weight += weightOf(entry, 0, entry.docs.length)
    this.#requests++
    this.#update(group)
  }

  /** Does nothing for a request that is not queued. */
  remove(entry: Q): void {
    const group = this.#groups.get(keyOf(entry.request))
    if (group === undefined || !group.entries.delete(entry)) return
    this.#requests--
    group.weight -= weightOf(entry, entry.taken, entry.docs.length)
    this.#update(group)
  }

  /** Changes the most weight of a batch. O(number of groups). */
  resize(size: number): void {
    if (size === this.#size) return
    this.#size = size
    for (const group of this.#groups.values()) this.#update(group)
  }

  /** The next batch: of a group that is ready or, with `any`, of the group whose turn it is. */
  take({ any }: { readonly any: boolean }): Taken<Q> {
    const [group] = any ? this.#groups.values() : this.#ready
    if (group === undefined) return { parts: [], isFull: false }
    const parts: Part<Q>[] = []
    let room = this.#size
    let isFull = false
    for (const entry of group.entries) {
      const start = entry.taken
      const end = start + fitting(entry, { room, isFirst: parts.length === 0 })
      isFull = end < entry.docs.length
      if (end === start) break
      const weight = weightOf(entry, start, end)
      entry.taken = end
      room -= weight
      group.weight -= weight
      parts.push({ entry, start, docs: entry.docs.slice(start, end) })
      if (end < entry.docs.length) break
      group.entries.delete(entry)
      this.#requests--
    }
    this.#groups.delete(group.key)
    this.#groups.set(group.key, group)
    this.#rearm(group)
    this.#update(group)
    return { parts, isFull: isFull || room <= 0 }
  }

  #update(group: Group<Q>): void {
    if (group.entries.size === 0) {
      this.#groups.delete(group.key)
      this.#ready.delete(group)
      group.cancelTimer?.()
      return
    }
    if (group.isDue || group.weight >= this.#size) this.#ready.add(group)
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

/** How many of the next documents of a request fit into a batch, at least one into an empty batch. */
function fitting(
  { docs, weights, taken }: Queued,
  { room, isFirst }: { readonly room: number; readonly isFirst: boolean },
): number {
  if (weights === undefined) return Math.min(docs.length - taken, room)
  let left = room
  let end = taken
  while (end < docs.length && weights[end]! <= left) left -= weights[end++]!
  return end === taken && isFirst ? 1 : end - taken
}

function weightOf({ weights }: Queued, start: number, end: number): number {
  return weights === undefined
    ? end - start
    : weights.slice(start, end).reduce((sum, weight) => sum + weight, 0)
}

/** Requests with the same key may share a batch. */
function keyOf({ parameterBytes }: DataRequest): string {
  if (parameterBytes === undefined) return ''
  const { buffer, byteOffset, byteLength } = parameterBytes
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}
