/**
 * How many calls a service takes at once. More would only queue up inside it, where the gateway's fair queue has no
 * influence on their order.
 */
export interface ConcurrencyLimit {
  /** How many calls a caller with `calls` calls in flight may have in flight; at least 1. Changes all the time. */
  limit(calls: number): number
  /** The caller has more calls than the limit admits. */
  wanted(): void
  /** Calls `listener` when the limit has grown since the last answer. Returns a function that removes the listener. */
  onGrow(listener: () => void): () => void
}
