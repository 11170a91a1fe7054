/** What a policy may look at. */
export interface Candidate {
  readonly load: {
    readonly inFlight: number
    /** Milliseconds; -1 while too little is known to compare it. */
    readonly latencyMs: number
    /** Fraction of its regular share that it should get, in (0, 1]; less than 1 while it is new. */
    readonly weight: number
  }
}

/** Picks the replica for the next request. */
export interface Policy {
  /** Returns one of `ready`, which has at least one entry and may change from call to call. */
  readonly pick: <T extends Candidate>(ready: readonly T[]) => T
}

/** `random` gives numbers in [0, 1). */
export type CreatePolicy = (random: () => number) => Policy
