import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { MillraceError } from '../../../../errors.js'
import type { Serving } from '../../../serving.js'
import { afterAuthentication } from '../authentication.js'
import { isHeaderId, requestIdHeader } from '../caller.js'
import type { Exchange } from '../exchange.js'
import { fastifyLogger } from './fastify-logger.js'

/**
 * Holds requests to the routes of a Fastify context to the rules of requests to endpoints: token, rate, size of body and answer,
 * memory, time, and progress of the client. A route with `config: { open: true }` needs no token.
 */
export function holdRequests(
  own: FastifyInstance,
  serving: Serving,
  exchangeOf: (message: FastifyRequest['raw']) => Exchange | undefined,
): void {
  readBodies(own)
  own.addHook('onRequest', (request, reply, done) => {
    const exchange = exchangeOf(request.raw)!
    exchange.headersAlways = reply.getHeaders()
    exchange.leaveTo({ hijack: () => silence(reply) })
    const { requestId } = exchange.subject
    if (isHeaderId(requestId)) reply.header(requestIdHeader, requestId)
    const { open } = request.routeOptions.config as { readonly open?: unknown }
    afterAuthentication(serving, exchange, {
      message: request.raw,
      purpose: open === true ? 'open-request' : 'request',
      answer: () => done(),
    })
  })
  own.addHook('onSend', (request, reply, payload, done) => {
    const exchange = exchangeOf(request.raw)!
    if (exchange.isAnswered) return // it was refused meanwhile, and the refusal is sent
    if (exchange.isLast) reply.header('connection', 'close')
    const bytes = sizeOf(payload)
    // without room the exchange has sent a refusal
    if (bytes === 0 || exchange.reserveAnswer(bytes)) done(null, payload)
  })
  own.setErrorHandler((error: FastifyError, request, reply) => {
    if (MillraceError.is(error)) exchangeOf(request.raw)!.fail(error)
    else sendError(error, request, reply)
  })
}

/** Fastify's parsers; Millrace's own routes have others. */
function readBodies(own: FastifyInstance): void {
  own.removeAllContentTypeParsers()
  const parseJson = own.getDefaultJsonParser('error', 'error')
  own.addContentTypeParser('application/json', { parseAs: 'string' }, parseJson)
  own.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) => done(null, body))
}

/** Fastify would warn of what the route sends although its request was refused. */
function silence(reply: FastifyReply): void {
  reply.hijack()
  reply.log = silent
}

const silent = fastifyLogger({ debug() {}, info() {}, warn() {}, error() {} })

/** Bytes that are held for an answer; a stream holds few. */
function sizeOf(payload: unknown): number {
  if (typeof payload === 'string') return Buffer.byteLength(payload)
  return ArrayBuffer.isView(payload) ? payload.byteLength : 0
}

/** As Fastify does without a handler of errors. */
function sendError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const thrown = error.statusCode ?? 500
  const status = thrown >= 400 && thrown < 600 ? thrown : 500
  if (status >= 500)
    request.log.error({ err: error }, `${request.method} ${request.routeOptions.url} failed.`)
  void reply.status(status).send({
    statusCode: status,
    ...(error.code !== undefined && { code: error.code }),
    error: STATUS_CODES[status],
    message: error.message,
  })
}
