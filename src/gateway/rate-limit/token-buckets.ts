/** Number of buckets that are looked at to find a full one, when there is no room for another. */
const looks = 8

/** The bucket of keys for which there is no room. */
const shared = Symbol('shared')

export interface BucketsOptions {
  /** Tokens that a bucket gets each second. */
  readonly perSecond: number
  /** Tokens that a full bucket has. */
  readonly burst: number
  /** Most buckets at once. */
  readonly maxBuckets: number
}

/**
 * Token buckets, one for each key. Each is a single number, the time at which it will be full: the generic cell rate algorithm
 * (ITU-T I.371, Annex A, virtual scheduling) is the same as a token bucket that is refilled continuously.
 *
 * 1. There are at most `maxBuckets`, and the shared one. A full bucket is equivalent to a missing one, so full buckets are removed
 *    to make room.
 * 2. When none of the oldest is full, keys without a bucket share one: their number does not let through more requests.
 *
 * Times are monotonic milliseconds.
 */
export class TokenBuckets {
  readonly #options: BucketsOptions
  readonly #msPerToken: number
  /** When each bucket will be full; those that were used least recently come first. */
  readonly #fullAt = new Map<string | typeof shared, number>()

  constructor(options: BucketsOptions) {
    this.#options = options
    this.#msPerToken = 1000 / options.perSecond
  }

  get size(): number {
    return this.#fullAt.size
  }

  /** Takes a token; returns 0. Without one nothing is taken; returns the milliseconds until there is one. */
  take(key: string, now: number): number {
    const bucket = this.#bucketOf(key, now)
    const fullAt = Math.max(this.#fullAt.get(bucket) ?? 0, now)
    const waitMs = this.#waitMs(fullAt, now)
    if (waitMs === 0) this.#set(bucket, fullAt + this.#msPerToken)
    return waitMs
  }

  /** Takes a token, whether or not there is one; returns the milliseconds until there is another. */
  charge(key: string, now: number): number {
    const bucket = this.#bucketOf(key, now)
    const fullAt = Math.max(this.#fullAt.get(bucket) ?? 0, now) + this.#msPerToken
    this.#set(bucket, fullAt)
    return this.#waitMs(fullAt, now)
  }

  /** Milliseconds until a bucket that will be full at `fullAt` has a token. */
  #waitMs(fullAt: number, now: number): number {
    return Math.max(0, fullAt - now - (this.#options.burst - 1) * this.#msPerToken)
  }

  #set(bucket: string | typeof shared, fullAt: number): void {
    this.#fullAt.delete(bucket) // so that it becomes the last one
    this.#fullAt.set(bucket, fullAt)
  }

  #bucketOf(key: string, now: number): string | typeof shared {
    const isKept = this.#fullAt.has(key) || this.#fullAt.size < this.#options.maxBuckets
    return isKept || this.#makeRoom(now) ? key : shared
  }

  /** Removes one of the oldest buckets that is full; false when there is none. */
  #makeRoom(now: number): boolean {
    let looked = 0
    for (const [bucket, fullAt] of this.#fullAt) {
      if (fullAt <= now) return this.#fullAt.delete(bucket)
      if (++looked === looks) return false
    }
    return false
  }
}
