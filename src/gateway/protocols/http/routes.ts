import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import { MillraceError } from '../../../errors.js'
import { docsPage } from '../../docs-page.js'
import { defaultHttpRules, type HttpRules } from '../../http-rules.js'
import type { Serving } from '../../serving.js'
import { afterAuthentication } from './authentication.js'
import { allowOrigins } from './cross-origin.js'
import { docsRoute } from './docs-route.js'
import { endpointOf, isRoute, isStream } from './endpoints.js'
import type { Exchange } from './exchange.js'
import { openApiRoute } from './openapi-route.js'
import { contentTypes, post } from './post.js'
import { type FrameworkError, noStream, notFound, onlyWebSocket, refuse } from './refusals.js'
import { asksForEvents } from './stream.js'
import { dryRunRoute, live, ready, root, statusRoute } from './state.js'

/** Answers one request through its exchange. */
type Answering = (exchange: Exchange, request: FastifyRequest) => void

/** Makes a handler of a route. */
export type ByExchange = (answer: Answering) => (request: FastifyRequest, reply: FastifyReply) => void

export interface RoutesOptions {
  /** Whether endpoints have routes. */
  readonly hasEndpoints: boolean
  exchangeOf(message: IncomingMessage): Exchange
}

/**
 * The routes of Jina's HTTP gateways (jina.md 4.6 and 4.7) and health checks. Requests are answered through their exchanges,
 * not by Fastify: an exchange writes in pieces and counts what the client takes.
 */
export function addRoutes(
  app: FastifyInstance,
  serving: Serving,
  { hasEndpoints, exchangeOf }: RoutesOptions,
): void {
  const rules = serving.http ?? defaultHttpRules
  const by = byExchange(serving, exchangeOf)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser([...contentTypes], (_request, _payload, done) => done(null)) // `post` reads the body
  allowOrigins(app, rules)
  addStateRoutes(app, serving, { rules, by })
  if (!hasEndpoints) {
    app.setNotFoundHandler(by((exchange) => exchange.fail(onlyWebSocket())))
    return
  }
  if (rules.debugEndpoints) {
    app.post(
      '/post',
      by((exchange, { raw }) => post(serving, exchange, { message: raw, endpoint: null })),
    )
  }
  if (rules.openapi && serving.facts !== undefined)
    app.get('/openapi.json', by(openApiRoute(serving, { ...serving.facts, http: rules })))
  if (rules.openapi && rules.docs) for (const file of docsPage()) app.get(file.path, by(docsRoute(file)))
  const endpoint = by((exchange, { raw }) => {
    const found = endpointOf(raw, serving)
    if (MillraceError.is(found)) notFound(serving, exchange, raw)
    else if (isOffered(raw, serving)) post(serving, exchange, { message: raw, endpoint: found })
    else if (raw.method === 'GET' && isStream(found, serving)) noStream(exchange)
    else notFound(serving, exchange, raw)
  })
  app.route({
    method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    url: '/*',
    exposeHeadRoute: false,
    handler: endpoint,
  })
  app.setNotFoundHandler(by((exchange, { raw }) => notFound(serving, exchange, raw)))
  app.setErrorHandler((error: FrameworkError, request, reply) =>
    by((exchange, { raw }) => {
      // Fastify looks at the body before the method
      if (request.is404) notFound(serving, exchange, raw)
      else refuse(exchange, error)
    })(request, reply),
  )
}

function addStateRoutes(
  app: FastifyInstance,
  serving: Serving,
  { rules, by }: { readonly rules: HttpRules; readonly by: ByExchange },
): void {
  app.get('/', by(root))
  app.get('/health/live', by(live))
  app.get(
    '/health/ready',
    by((exchange) => ready(serving, exchange)),
  )
  if (!rules.debugEndpoints) return
  app.get('/status', by(statusRoute()))
  app.get(
    '/dry_run',
    by((exchange) => dryRunRoute(serving, exchange)),
  )
}

/** Handlers that answer a request through its exchange, once its caller was let in. */
export function byExchange(serving: Serving, exchangeOf: (message: IncomingMessage) => Exchange): ByExchange {
  const { http: { cors, routes } = defaultHttpRules } = serving
  const hasHeaders = cors !== false || routes !== null
  return (answer) => (request, reply) => {
    const exchange = exchangeOf(request.raw)
    if (hasHeaders) exchange.headersAlways = reply.getHeaders()
    // from a route of the user's, which calls what answers 404: its caller was let in
    const isLetIn = exchange.takeBack()
    reply.hijack()
    if (isLetIn) return answer(exchange, request)
    afterAuthentication(serving, exchange, {
      message: request.raw,
      answer: () => answer(exchange, request),
    })
  }
}

/** Whether the method of a request is one of its endpoint, whatever that is. */
function isOffered(message: IncomingMessage, serving: Serving): boolean {
  const { method } = message
  return method === 'POST' || isRoute(message, serving) || (method === 'GET' && asksForEvents(message))
}
