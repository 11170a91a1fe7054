/** What may stay open without a token: health checks, gRPC's reflection, the OpenAPI document, and the page that shows it. */
export const openable = ['health', 'reflection', 'openapi', 'docs'] as const

export type Openable = (typeof openable)[number]

/**
 * Where the valid tokens are: a list in code; a file, read again when it changes; an environment variable; or a module that
 * exports a function `(token: string) => boolean | Promise<boolean>`, as `./auth.js` or `./auth.js#name`.
 */
export type BearerTokens =
  | readonly string[]
  | { readonly file: string }
  | { readonly env: string }
  | { readonly verify: string }

/** Who may call the gateway; plain data. */
export interface AuthRules {
  /** Bearer tokens (RFC 6750). */
  readonly bearer: BearerTokens
  /** What needs no token. Default `['health']`. */
  readonly open: readonly Openable[]
}
