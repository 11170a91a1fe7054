import type { Clock } from './clock.js'

/** Something that must end by a certain time. */
export interface Timed {
  /** Milliseconds since the epoch, `Infinity` for never; does not change while it is watched. */
  readonly deadline: number
  /** The deadline has passed. Called once, when it is no longer watched; must not throw. */
  expire(): void
}

/** Entries whose deadlines are this close share a bucket, in milliseconds. */
const bucketMs = 64

/**
 * Watches the deadlines of many calls with one timer. Nearly every call ends long before its deadline, so `watch` and
 * `unwatch` must be cheap: both are O(1), and neither touches the timer unless the deadline is the nearest of all.
 *
 * 1. The timer is set for `#wakeAt`, which is never later than the nearest deadline.
 * 2. A watched entry is in the bucket of its deadline until it is unwatched or expires.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #buckets = new Map<number, Set<Timed>>()
  #wakeAt = Number.POSITIVE_INFINITY
  #cancel: () => void = () => {}

  constructor(clock: Clock) {
    this.#clock = clock
  }

  watch(entry: Timed): void {
    const { deadline } = entry
    if (deadline === Number.POSITIVE_INFINITY) return
    const key = Math.floor(deadline / bucketMs)
    const bucket = this.#buckets.get(key)
    if (bucket === undefined) this.#buckets.set(key, new Set([entry]))
    else bucket.add(entry)
    if (deadline < this.#wakeAt) this.#wake(deadline)
  }

  /** Does nothing when the entry is not watched. */
  unwatch(entry: Timed): void {
    const key = Math.floor(entry.deadline / bucketMs)
    const bucket = this.#buckets.get(key)
    if (bucket?.delete(entry) === true && bucket.size === 0) this.#buckets.delete(key)
  }

  #wake(at: number): void {
    this.#cancel()
    this.#wakeAt = at
    if (at === Number.POSITIVE_INFINITY) return
    // at least 1 ms: a timer may fire a little before the wall clock gets there
    const ms = Math.max(1, Math.ceil(at - this.#clock.now()))
    this.#cancel = this.#clock.after(Math.min(ms, longestMs), () => this.#sweep())
  }

  #sweep(): void {
    this.#wakeAt = Number.POSITIVE_INFINITY
    const now = this.#clock.now()
    const last = Math.floor(now / bucketMs)
    let next = Number.POSITIVE_INFINITY
    for (const [key, bucket] of this.#buckets) {
      if (key > last) next = Math.min(next, key * bucketMs)
      else next = Math.min(next, this.#expire(bucket, now))
      // an expired entry may have created a new bucket for the same time
      if (bucket.size === 0 && this.#buckets.get(key) === bucket) this.#buckets.delete(key)
    }
    // an expired entry may have watched a new one
    if (next < this.#wakeAt) this.#wake(next)
  }

  /** Returns the nearest deadline left in the bucket. */
  #expire(bucket: Set<Timed>, now: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const entry of bucket) {
      if (entry.deadline > now) next = Math.min(next, entry.deadline)
      else {
        bucket.delete(entry)
        entry.expire()
      }
    }
    return next
  }
}

/** Wakes at least once a day: Node's timers reach 24 days at most, and the wall clock may be set. */
const longestMs = 24 * 3_600_000

const shared = new WeakMap<Clock, Deadlines>()

/** This thread's only queue for a clock. */
export function deadlinesOf(clock: Clock): Deadlines {
  let deadlines = shared.get(clock)
  if (deadlines === undefined) {
    deadlines = new Deadlines(clock)
    shared.set(clock, deadlines)
  }
  return deadlines
}
