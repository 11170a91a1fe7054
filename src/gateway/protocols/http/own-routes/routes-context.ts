import type { BaseClient } from '../../../../client-core/base-client.js'

/** What the function of `http.routes` gets beside the Fastify instance. */
export interface RoutesContext {
  /** A client of the Flow, for work that belongs to no request. It needs no token, and no rate limit holds for it. */
  readonly client: RoutesClient
}

/** A client of the Flow in the gateway itself: its requests pass no socket. */
export interface RoutesClient extends BaseClient {
  /**
   * A client for what one request needs, where `request` is Fastify's. Its calls have the request's trace context and headers, are
   * queued as those of its caller, and end when it ends: when the caller disconnects, when its time is over, or when it was answered.
   *
   * @throws INVALID_INPUT when the request is none of a route of this module
   *
   * @example
   * app.get('/find', (request) => client.for(request).post('/search', { text: request.query.text }))
   */
  for(request: { readonly raw: object }): BaseClient
}
