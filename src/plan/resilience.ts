import type { Option, OptionTable } from './option.js'
import { parseOptions } from './option.js'
import { group, integer, optional, share } from './option-kinds.js'

/** Bounds for the number of replicas, which follows the load. */
export interface Autoscale {
  /** 0 stops the last replica when the stage is idle; the next request starts one. Default 1. */
  readonly min: number
  readonly max: number
  /** Target number of requests per replica, in flight and waiting. Default 1. */
  readonly target: number
  /** Milliseconds the load must ask for more replicas before they are started. Default 1000. */
  readonly upDelayMs: number
  /** Milliseconds the load must ask for fewer replicas before some are stopped. Default 30,000. */
  readonly downDelayMs: number
}

export type AutoscaleOptions = Partial<Autoscale> & Pick<Autoscale, 'max'>

/** Hedging: a second attempt while the first is slow. */
export interface Hedge {
  /** Milliseconds without an answer before the second attempt; null when `afterPercentile` is set. */
  readonly afterMs: number | null
  /** Percentile of recent latencies to wait for, such as 95; null when `afterMs` is set. */
  readonly afterPercentile: number | null
  /** Largest share of requests that may be hedged. Default 0.05. */
  readonly budget: number
}

export type HedgeOptions = Partial<Hedge>

/** Queue limits of a stage; beyond them a request is refused with RESOURCE_EXHAUSTED, and a stream is slowed down. */
export interface Queue {
  /** Most requests waiting for a replica. Default 1000. */
  readonly maxRequests: number
  /** Most bytes of waiting requests. Default 256 MiB. */
  readonly maxBytes: number
  /**
   * Milliseconds that a request may wait when the queue has not been empty for five seconds: under lasting overload, requests
   * that would wait longer are refused. Default 2000.
   */
  readonly maxWaitMs: number
  /**
   * Requests that one replica takes at once, running and queued; it refuses more. Default 1000. The gateway sends fewer when
   * more would only queue up in the replica.
   */
  readonly perReplica: number
}

export type QueueOptions = Partial<Queue>

/** When a replica that does not answer counts as dead. */
export interface Liveness {
  /** Milliseconds without an answer before it gets no more requests, and is replaced unless it is computing. Default 5000. */
  readonly timeoutMs: number
  /** Milliseconds a replica may block its event loop with computation before it is replaced. Default 60,000. */
  readonly busyMs: number
}

export type LivenessOptions = Partial<Liveness>

/** At most `max` restarts in any `windowMs`; beyond that the stage is degraded until an old restart leaves the window. */
export interface Restarts {
  /** Default 10. */
  readonly max: number
  /** Default 60,000. */
  readonly windowMs: number
}

export type RestartsOptions = Partial<Restarts>

const autoscale: OptionTable<Autoscale> = {
  min: integer(1, 0, 1024),
  max: integer(1024, 1, 1024),
  target: { expected: 'a number above 0', preset: 1, parse: (value) => positive(value) },
  upDelayMs: integer(1000, 0),
  downDelayMs: integer(30_000, 0),
}

const hedge: OptionTable<Hedge> = {
  afterMs: integer(null, 0),
  afterPercentile: optional({
    expected: 'a number from 50 to 99.99',
    preset: 95,
    parse: (value) => (typeof value === 'number' && value >= 50 && value <= 99.99 ? value : undefined),
  }),
  budget: share(0.05),
}

const queue: OptionTable<Queue> = {
  maxRequests: integer(1000, 0),
  maxBytes: integer(256 * 1024 * 1024, 1024),
  maxWaitMs: integer(2000, 1),
  perReplica: integer(1000, 1),
}

const liveness: OptionTable<Liveness> = {
  timeoutMs: integer(5000, 100),
  busyMs: integer(60_000, 100),
}

const restarts: OptionTable<Restarts> = { max: integer(10, 0), windowMs: integer(60_000, 1) }

export const autoscaleOption: Option<number | Autoscale> = {
  expected: 'a whole number from 1 to 1024, or { min, max, target, upDelayMs, downDelayMs } with min ≤ max',
  preset: 1,
  parse(value) {
    if (typeof value !== 'object') return integer(1, 1, 1024).parse(value)
    const parsed = parseOptions(autoscale, value)
    return parsed === undefined || parsed.min > parsed.max || !Object.hasOwn(value as object, 'max')
      ? undefined
      : parsed
  },
}

export const hedgeOption: Option<Hedge | null> = optional({
  expected: '{ afterMs } or { afterPercentile } (50 to 99.99), with budget from 0 to 1',
  preset: null as never,
  parse(value: unknown): Hedge | undefined {
    const parsed = parseOptions(hedge, value)
    return parsed === undefined || (parsed.afterMs === null) === (parsed.afterPercentile === null)
      ? undefined
      : parsed
  },
})

export const queueOption: Option<Queue> = group(queue, '{ maxRequests, maxBytes, maxWaitMs, perReplica }')
export const livenessOption: Option<Liveness | null> = optional(
  group(liveness, '{ timeoutMs, busyMs } of 100 or more'),
  group(liveness, '').preset,
)
export const restartsOption: Option<Restarts> = group(restarts, '{ max, windowMs }')

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : undefined
}
