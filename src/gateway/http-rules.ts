/** A method of a route to an endpoint. */
export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Which answers are compressed. */
export interface CompressionRules {
  /** Smaller answers are not. */
  readonly minBytes: number
}

/** Options of HTTP; explained at `FlowHttp`. */
export interface HttpRules {
  readonly errorStatus: boolean
  readonly cors: boolean | readonly string[]
  readonly crudEndpoints: boolean
  readonly debugEndpoints: boolean
  readonly compression: CompressionRules | null
  readonly expose: Readonly<
    Record<string, { readonly path: string; readonly methods: readonly HttpMethod[] }>
  >
  readonly openapi: boolean
  readonly docs: boolean
  readonly title: string | null
  readonly description: string | null
  /** The function that registers routes of the user's: `/path/module.js`, or `/path/module.js#name`; null: there are none. */
  readonly routes: string | null
}

/** The defaults of the options. */
export const defaultHttpRules: HttpRules = {
  errorStatus: false,
  cors: false,
  crudEndpoints: true,
  debugEndpoints: true,
  compression: { minBytes: 1024 },
  expose: {},
  openapi: true,
  docs: true,
  title: null,
  description: null,
  routes: null,
}
