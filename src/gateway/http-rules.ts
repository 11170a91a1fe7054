/** A method of a route to an endpoint. */
export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Options of HTTP; explained at `FlowHttp`. */
export interface HttpRules {
  readonly errorStatus: boolean
  readonly cors: boolean | readonly string[]
  readonly crudEndpoints: boolean
  readonly debugEndpoints: boolean
  readonly expose: Readonly<
    Record<string, { readonly path: string; readonly methods: readonly HttpMethod[] }>
  >
}

/** The defaults of the options. */
export const defaultHttpRules: HttpRules = {
  errorStatus: false,
  cors: false,
  crudEndpoints: true,
  debugEndpoints: true,
  expose: {},
}
