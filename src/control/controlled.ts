import type { ProfileOrder } from '../observe/profile/profile-order.js'
import type { Description } from '../call/call.js'
import type { FlowStatus } from './status.js'

/** Result of a `scale()`. */
export interface Scaled {
  readonly from: number
  readonly to: number
  readonly seconds: number
}

/** Result of a `rollingUpdate()`. */
export interface RolledOut {
  /** How many replicas were replaced. */
  readonly replaced: number
  readonly seconds: number
}

/** Options of `scale()`. */
export interface ScaleRequest {
  /** Number of replicas of each shard. */
  readonly replicas: number
  /** Scale only this shard, counted from 0. Default: all shards. */
  readonly shard?: number | undefined
}

/** Result of a profile. */
export interface Profiled {
  /** Name of the replica, or `gateway`. */
  readonly pod: string
}

/** What the gateway of a Flow serves. */
export type Served = Pick<Description, 'endpoints' | 'streamEndpoints' | 'schemas'>

/** Operations of a running Flow for other programs of the same user. */
export interface Controlled {
  status(): Promise<FlowStatus>
  /** Resolves after the next change of the state of a replica; never rejects. */
  changed(): Promise<void>
  /** @throws UNAVAILABLE while pods are starting */
  served(): Promise<Served>
  /** @throws NOT_FOUND, INVALID_OPTION, UNSUPPORTED, START_FAILED */
  scale(name: string, options: ScaleRequest): Promise<Scaled>
  /** Replaces the replicas of a stage one after the other; resolves with plain data. */
  rollingUpdate(
    name: string,
    options: { readonly usesWith: Readonly<Record<string, unknown>> },
  ): Promise<unknown>
  /** Profiles a replica, or `gateway`. @throws NOT_FOUND, INVALID_OPTION, UNSUPPORTED, UNAVAILABLE, RESOURCE_EXHAUSTED */
  profile(target: string, order: ProfileOrder): Promise<Profiled>
}
