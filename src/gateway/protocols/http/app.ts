import { fastify, type FastifyInstance, type FastifyServerFactory, LogController } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../../lib/clock.js'
import { programLogger } from '../../../observe/logger.js'
import { proxyTrust } from '../../callers/trust-proxy.js'
import type { Serving } from '../../serving.js'
import { plainAddress } from '../senders.js'
import type { Exchange } from './exchange.js'
import { fastifyLogger } from './own-routes/fastify-logger.js'
import { registerOwnRoutes } from './own-routes/own-routes.js'
import { refuse } from './refusals.js'
import { addRoutes, byExchange } from './routes.js'

/** Longest path of an endpoint, decoded. */
const maxPathLength = 1024

export interface AppOptions {
  /** Whether endpoints have routes. */
  readonly hasEndpoints: boolean
  readonly serverFactory: FastifyServerFactory
  readonly clock: Clock
  exchangeOf(message: IncomingMessage): Exchange
}

/** Fastify with its routes. */
export interface App {
  /** Rejects when the routes of the user's module cannot be registered. */
  readonly ready: Promise<void>
  /** Runs what the user's module does when it closes. */
  close(): Promise<void>
}

/** The routes of Millrace, and those of the user's module. */
export function createApp(serving: Serving, options: AppOptions): App {
  const hasOwnRoutes = options.hasEndpoints && (serving.http?.routes ?? null) !== null
  const app = createFastify(serving, options, hasOwnRoutes)
  addRoutes(app, serving, options)
  const ready = hasOwnRoutes ? registerOwnRoutes(app, serving, options) : registered(app)
  ready.catch(() => {}) // `HttpServer.open` reports it
  return { ready, close: async () => (hasOwnRoutes ? app.close() : undefined) }
}

function createFastify(
  serving: Serving,
  { serverFactory, exchangeOf }: AppOptions,
  hasOwnRoutes: boolean,
): FastifyInstance {
  const { trustProxy = false, maxMessageBytes, facts } = serving
  const by = byExchange(serving, exchangeOf)
  const isTrusted = proxyTrust(trustProxy)
  return fastify({
    serverFactory,
    routerOptions: { maxParamLength: maxPathLength },
    bodyLimit: maxMessageBytes,
    pluginTimeout: 0, // `registerOwnRoutes` has one for all
    trustProxy: trustProxy !== false && ((address, hop) => isTrusted(plainAddress(address), hop)),
    // a URL that cannot be parsed
    frameworkErrors: (error, request, reply) => by((exchange) => refuse(exchange, error))(request, reply),
    ...(hasOwnRoutes && {
      loggerInstance: fastifyLogger(programLogger(facts?.name ?? 'gateway')),
      // requests are in the access log
      logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
      genReqId: (message: IncomingMessage) => exchangeOf(message).subject.requestId,
    }),
  })
}

async function registered(app: FastifyInstance): Promise<void> {
  await app.ready()
}
