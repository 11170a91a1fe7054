import type { FlowStatus } from './status.js'

/** What changed in a `scale()`. */
export interface Scaled {
  readonly from: number
  readonly to: number
  readonly seconds: number
}

/** What a `rollingUpdate()` did. */
export interface RolledOut {
  /** How many replicas were replaced. */
  readonly replaced: number
  readonly seconds: number
}

export interface ScaleRequest {
  /** Of each shard. */
  readonly replicas: number
  /** Only of this one, counted from 0. Default: of all. */
  readonly shard?: number | undefined
}

/** What a running Flow lets others of the same user do with it. */
export interface Controlled {
  status(): Promise<FlowStatus>
  /** @throws NOT_FOUND, INVALID_OPTION, UNSUPPORTED, START_FAILED */
  scale(name: string, options: ScaleRequest): Promise<Scaled>
  /** Replaces the replicas of a stage one after the other; what it gives is plain data. */
  rollingUpdate(
    name: string,
    options: { readonly usesWith: Readonly<Record<string, unknown>> },
  ): Promise<unknown>
}
