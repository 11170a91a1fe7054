import type { Clock } from './clock.js'

/** Something that must end by a certain time. */
export interface Timed {
  /** Milliseconds since the epoch, `Infinity` for never; does not change while it is watched. */
  readonly deadline: number
  /** Its node in the list of its bucket, set by `Deadlines` only; undefined while it is not watched. */
  watched: Watched | undefined
  /** Called once when the deadline has passed; it is no longer watched then. Must not throw. */
  expire(): void
}

/** A node in the list of a bucket. */
export interface Watched {
  readonly entry: Timed
  readonly bucket: Bucket
  before: Watched | undefined
  after: Watched | undefined
}

interface Bucket {
  readonly key: number
  first: Watched | undefined
  last: Watched | undefined
}

/** Entries whose deadlines are this close share a bucket, in milliseconds. */
const bucketMs = 64

/**
 * Watches the deadlines of many calls with one timer. Nearly every call ends long before its deadline, so `watch` and
 * `unwatch` must be cheap: both are O(1), and neither touches the timer unless the deadline is the nearest of all.
 *
 * 1. The timer is set for `#wakeAt`, which is never later than the nearest deadline.
 * 2. A watched entry is in the bucket of its deadline until it is unwatched or expires. Entries of one bucket expire in the
 *    order in which they were added: a call before the hops below it.
 * 3. An empty bucket is removed, unless it is the current one: the next entry is likely to belong there.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #buckets = new Map<number, Bucket>()
  #current: Bucket = { key: -1, first: undefined, last: undefined }
  #wakeAt = Number.POSITIVE_INFINITY
  #cancel: () => void = () => {}

  constructor(clock: Clock) {
    this.#clock = clock
  }

  watch(entry: Timed): void {
    const { deadline } = entry
    if (deadline === Number.POSITIVE_INFINITY) return
    const bucket = this.#bucketOf(Math.floor(deadline / bucketMs))
    const { last } = bucket
    const watched: Watched = { entry, bucket, before: last, after: undefined }
    if (last === undefined) bucket.first = watched
    else last.after = watched
    bucket.last = watched
    entry.watched = watched
    if (deadline < this.#wakeAt) this.#wake(deadline)
  }

  /** Does nothing when the entry is not watched. */
  unwatch(entry: Timed): void {
    const { watched } = entry
    if (watched === undefined) return
    entry.watched = undefined
    const { bucket, before, after } = watched
    if (before === undefined) bucket.first = after
    else before.after = after
    if (after === undefined) bucket.last = before
    else after.before = before
    // a dead node in the old generation would keep all that follow it in memory until the next full collection
    watched.before = undefined
    watched.after = undefined
    if (bucket.first === undefined && bucket !== this.#current) this.#buckets.delete(bucket.key)
  }

  #bucketOf(key: number): Bucket {
    const current = this.#current
    if (current.key === key) return current
    if (current.first === undefined) this.#buckets.delete(current.key)
    const bucket = this.#buckets.get(key) ?? { key, first: undefined, last: undefined }
    this.#buckets.set(key, bucket)
    this.#current = bucket
    return bucket
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
    const lastDue = Math.floor(now / bucketMs)
    let next = Number.POSITIVE_INFINITY
    for (const bucket of this.#buckets.values()) {
      if (bucket.first === undefined) continue
      const nearest = bucket.key > lastDue ? bucket.key * bucketMs : this.#expire(bucket, now)
      next = Math.min(next, nearest)
    }
    // an entry that expired may have added a new one
    if (next < this.#wakeAt) this.#wake(next)
  }

  /** Returns the nearest deadline that is left in the bucket. */
  #expire(bucket: Bucket, now: number): number {
    const due: Timed[] = []
    let next = Number.POSITIVE_INFINITY
    for (let watched = bucket.first; watched !== undefined; watched = watched.after) {
      const { entry } = watched
      if (entry.deadline <= now) due.push(entry)
      else next = Math.min(next, entry.deadline)
    }
    for (const entry of due) {
      // an entry before it may have ended it, or moved its deadline
      if (entry.watched === undefined || entry.deadline > now) continue
      this.unwatch(entry)
      entry.expire()
    }
    return next
  }
}

/** Wakes at least once a day: Node's timers reach 24 days at most, and the wall clock may be set. */
const longestMs = 24 * 3_600_000

const shared = new WeakMap<Clock, Deadlines>()

/** The instance of this thread for a clock, shared by all callers. */
export function deadlinesOf(clock: Clock): Deadlines {
  let deadlines = shared.get(clock)
  if (deadlines === undefined) {
    deadlines = new Deadlines(clock)
    shared.set(clock, deadlines)
  }
  return deadlines
}
