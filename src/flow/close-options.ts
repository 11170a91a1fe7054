/** Options of `Flow.close()`. */
export interface CloseOptions {
  /** For a Flow on Docker or Kubernetes: stop it and delete everything created for it, except volumes. Default false: keep it running. */
  readonly remove?: boolean
}
