/** Whether a stage without a replica will have one again: then requests wait for it, else they are refused and told why. */
export interface Outlook {
  readonly expecting: boolean
  /** One sentence for those that are refused. */
  readonly why: string
}

/** What a gateway tells unasked. */
export type GatewayEvent =
  /** The connection to a pod is gone though nobody removed it. */
  | { readonly kind: 'lost'; readonly stage: string; readonly pod: string; readonly reason: string }
  /** A pod has not answered for a while; told again every second while that lasts. */
  | { readonly kind: 'silent'; readonly stage: string; readonly pod: string; readonly silentMs: number }
  /** A request waits for a stage that has no replica. */
  | { readonly kind: 'demand'; readonly stage: string }

/**
 * How a replica stands in the balance: `ready` takes requests; `ejected` failed too often and rests; `probing` may take one
 * at a time to show that it has recovered; `silent` does not answer; `lost` has no connection.
 */
export type ReplicaState = 'ready' | 'ejected' | 'probing' | 'silent' | 'lost'

export interface ReplicaLoad {
  /** Name of the pod. */
  readonly name: string
  readonly state: ReplicaState
  /** Requests sent and not answered. */
  readonly inFlight: number
  /** Milliseconds, a moving average that a slow answer raises at once; null before the first answer. */
  readonly latencyMs: number | null
}

export interface StageLoad {
  readonly name: string
  /** Requests that wait for a replica. */
  readonly waiting: number
  readonly waitingBytes: number
  readonly replicas: readonly ReplicaLoad[]
}
