/** What the process with the Flow sends to its supervisor. */
export type FromSession =
  /** The Flow was loaded and waits for `start`. */
  | { readonly kind: 'loaded' }
  /** It could not be loaded; the reason was printed. */
  | { readonly kind: 'unloadable' }
  | { readonly kind: 'ready'; readonly ports: readonly number[] }
  /** Files have changed, so that the Flow must start anew. */
  | { readonly kind: 'outdated'; readonly files: readonly string[] }

/** The answer to `loaded`. `ports` are those of the Flow before its restart, used where its port is 0. */
export interface StartMessage {
  readonly kind: 'start'
  readonly ports: readonly number[] | null
}

/** Its presence in the environment makes `millrace dev` run the Flow instead of watching over it. */
export const sessionVariable = 'MILLRACE_DEV_SESSION'
