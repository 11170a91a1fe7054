/** How many calls a service takes at once, as far as it can tell: more would only wait in it, where nobody takes turns. */
export interface Room {
  /** Calls that a caller may have here at once when it has `calls` now; 1 at least. Changes all the time. */
  limit(calls: number): number
  /** The caller has more calls than it may have here. */
  wanted(): void
  /** Calls back when there is more room than any answer has told. Gives what ends that. */
  onGrow(listener: () => void): () => void
}
