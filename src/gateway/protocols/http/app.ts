import {
  fastify,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerFactory,
} from 'fastify'
import type { IncomingMessage } from 'node:http'
import { MillraceError } from '../../../errors.js'
import { defaultHttpRules } from '../../http-rules.js'
import type { Serving } from '../../serving.js'
import { afterAuthentication } from './authentication.js'
import { allowOrigins } from './cross-origin.js'
import { endpointOf, isRoute, methodsOf } from './endpoints.js'
import type { Exchange } from './exchange.js'
import { contentTypes, post } from './post.js'
import { asksForEvents } from './stream.js'
import { dryRunRoute, live, ready, root, statusRoute } from './state.js'

/** Answers one request through its exchange. */
type Answering = (exchange: Exchange, request: FastifyRequest) => void

/** Longest path of an endpoint, decoded. */
const maxPathLength = 1024

export interface AppOptions {
  readonly serverFactory: FastifyServerFactory
  exchangeOf(message: IncomingMessage): Exchange
}

/**
 * The routes of Jina's HTTP gateways (jina.md 4.6 and 4.7) and health checks. Requests are answered through their exchanges,
 * not by Fastify: an exchange writes in pieces and counts what the client takes.
 */
export function createApp(serving: Serving, { serverFactory, exchangeOf }: AppOptions): FastifyInstance {
  const rules = serving.http ?? defaultHttpRules
  const app = fastify({
    serverFactory,
    routerOptions: { maxParamLength: maxPathLength },
    // a URL that cannot be parsed
    frameworkErrors: (error, request, reply) => by((exchange) => refuse(exchange, error))(request, reply),
  })
  const by =
    (answer: Answering) =>
    (request: FastifyRequest, reply: FastifyReply): void => {
      const exchange = exchangeOf(request.raw)
      exchange.headersAlways = reply.getHeaders()
      reply.hijack()
      afterAuthentication(serving, exchange, {
        message: request.raw,
        answer: () => answer(exchange, request),
      })
    }
  app.removeAllContentTypeParsers()
  app.addContentTypeParser([...contentTypes], (_request, _payload, done) => done(null)) // `post` reads the body
  allowOrigins(app, rules)
  app.get('/', by(root))
  app.get('/health/live', by(live))
  app.get(
    '/health/ready',
    by((exchange) => ready(serving, exchange)),
  )
  if (rules.debugEndpoints) {
    app.get('/status', by(statusRoute()))
    app.get(
      '/dry_run',
      by((exchange) => dryRunRoute(serving, exchange)),
    )
    app.post(
      '/post',
      by((exchange, { raw }) => post(serving, exchange, { message: raw, endpoint: null })),
    )
  }
  const endpoint = by((exchange, { raw }) => {
    const isOffered =
      raw.method === 'POST' || isRoute(raw, serving) || (raw.method === 'GET' && asksForEvents(raw))
    const found = isOffered ? endpointOf(raw, serving) : null
    if (found === null || MillraceError.is(found)) notFound(serving, exchange, raw)
    else post(serving, exchange, { message: raw, endpoint: found })
  })
  app.route({
    method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    url: '/*',
    exposeHeadRoute: false,
    handler: endpoint,
  })
  app.setNotFoundHandler(by((exchange, { raw }) => notFound(serving, exchange, raw)))
  app.setErrorHandler((error: FrameworkError, request, reply) =>
    by((exchange) => refuse(exchange, error))(request, reply),
  )
  return app
}

/** A path without such a method: 405 when it has another one. */
function notFound(serving: Serving, exchange: Exchange, message: IncomingMessage): void {
  const methods = methodsOf(message, serving)
  if (MillraceError.is(methods)) return exchange.fail(methods)
  const what = `${message.method} is not possible here; use ${methods.join(' or ')}.`
  exchange.fail(new MillraceError('UNSUPPORTED', what, { notRun: true }), {
    status: 405,
    headers: { allow: methods.join(', ') },
  })
}

interface FrameworkError {
  readonly code?: string
  readonly statusCode?: number
  readonly message: string
}

/** A request that Fastify refuses, or a defect here. */
function refuse(exchange: Exchange, error: FrameworkError): void {
  const { code = '', statusCode: status = 500, message } = error
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const what = `The body must be ${contentTypes.join(' or ')}: set the header content-type.`
    return exchange.fail(new MillraceError('UNSUPPORTED', what, { notRun: true }), { status: 415 })
  }
  if (status >= 500) return exchange.fail(MillraceError.from(error))
  exchange.fail(new MillraceError('INVALID_INPUT', message, { notRun: true }), { status })
}
