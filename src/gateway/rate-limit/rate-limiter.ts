import { createHash } from 'node:crypto'
import { MillraceError } from '../../errors.js'
import type { Clock } from '../../lib/clock.js'
import { bearerToken } from '../../wire/bearer-token.js'
import { type Caller, type CountRequest, headerOf } from '../callers/caller.js'
import { network } from './network.js'
import type { RateKey, RateRules } from './rate-rules.js'
import { TokenBuckets } from './token-buckets.js'

/** A bucket takes about 150 bytes: all of them about 10 MB. */
const maxBuckets = 65_536

/**
 * Counts the requests of each caller, and refuses those beyond its rate.
 *
 * 1. Keys have a fixed size, however long a client's header is, and no token is kept.
 * 2. A refused request takes nothing from the bucket: a client that waits as told is served.
 */
export class RateLimiter {
  readonly #rules: RateRules
  readonly #clock: Clock
  readonly #buckets: TokenBuckets
  #refused = 0

  constructor(rules: RateRules, clock: Clock) {
    this.#rules = rules
    this.#clock = clock
    this.#buckets = new TokenBuckets({ ...rules, maxBuckets })
  }

  /** Requests refused so far. */
  get refused(): number {
    return this.#refused
  }

  /** Counts a request; returns its refusal, with the time to wait, or null. */
  check(caller: Caller): MillraceError | null {
    const waitMs = this.#buckets.take(keyOf(caller, this.#rules.by), this.#clock.monotonic())
    if (waitMs === 0) return null
    this.#refused++
    return refusal(this.#rules, Math.ceil(waitMs))
  }

  /** Counts the further requests of a stream of `caller`. */
  counter(caller: Caller): CountRequest {
    const key = keyOf(caller, this.#rules.by)
    return () => this.#buckets.charge(key, this.#clock.monotonic())
  }
}

function keyOf(caller: Caller, by: RateKey): string {
  if (by === 'address') return network(caller.address)
  const value = by === 'token' ? bearerToken(headerOf(caller, 'authorization')) : headerOf(caller, by.header)
  return createHash('sha256')
    .update(value ?? '')
    .digest('base64url')
}

function refusal({ perSecond, burst, by }: RateRules, waitMs: number): MillraceError {
  const whose = typeof by === 'string' ? `each ${by}` : `each value of the header ${by.header}`
  const message = `Too many requests: ${whose} has ${perSecond} requests a second, and ${burst} at once (rateLimit). Send again in ${waitMs} ms.`
  return new MillraceError('RESOURCE_EXHAUSTED', message, { notRun: true, retryAfterMs: waitMs })
}
