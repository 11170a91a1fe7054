import type { FlowStatus } from './status.js'

/** What changed in a `scale()`. */
export interface Scaled {
  readonly from: number
  readonly to: number
  readonly seconds: number
}

/** What a running Flow lets others of the same user do with it. */
export interface Controlled {
  status(): Promise<FlowStatus>
  /** @throws NOT_FOUND, INVALID_OPTION, UNSUPPORTED, START_FAILED */
  scale(name: string, options: { readonly replicas: number }): Promise<Scaled>
  /** Replaces the replicas of a stage one after the other; what it gives is plain data. */
  rollingUpdate(
    name: string,
    options: { readonly usesWith: Readonly<Record<string, unknown>> },
  ): Promise<unknown>
}
