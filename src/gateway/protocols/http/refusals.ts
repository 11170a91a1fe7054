import type { IncomingMessage } from 'node:http'
import { MillraceError } from '../../../errors.js'
import { eventsType } from '../../../wire/gateway-headers.js'
import type { Serving } from '../../serving.js'
import { methodsOf } from './endpoints.js'
import type { Exchange } from './exchange.js'
import { contentTypes, notAcceptable } from './post.js'

/** A GET to a generator, by a client that accepts no stream. */
export function noStream(exchange: Exchange): void {
  const what = `GET is answered here with a stream of events: send the header accept: ${eventsType}, or use POST.`
  exchange.fail(new MillraceError('UNSUPPORTED', what, { notRun: true }), { status: notAcceptable })
}

/** A path without such a method: 405 when it has another one. */
export function notFound(serving: Serving, exchange: Exchange, message: IncomingMessage): void {
  const methods = methodsOf(message, serving)
  if (MillraceError.is(methods)) return exchange.fail(methods)
  const what = `${message.method} is not possible here; use ${methods.join(' or ')}.`
  exchange.fail(new MillraceError('UNSUPPORTED', what, { notRun: true }), {
    status: 405,
    headers: { allow: methods.join(', ') },
  })
}

/** Every path but those of health checks, on a port without HTTP. */
export function onlyWebSocket(): MillraceError {
  const what =
    "This port speaks WebSocket. For requests over HTTP the Flow needs protocol: ['http', 'websocket'] (docs/websocket.md)."
  return new MillraceError('NOT_FOUND', what, { notRun: true })
}

/** An error of Fastify's. */
export interface FrameworkError {
  readonly code?: string
  readonly statusCode?: number
  readonly message: string
}

/** A request that Fastify refuses, or a defect here. */
export function refuse(exchange: Exchange, error: FrameworkError): void {
  const { code = '', statusCode: status = 500, message } = error
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const what = `The body must be ${contentTypes.join(' or ')}: set the header content-type.`
    return exchange.fail(new MillraceError('UNSUPPORTED', what, { notRun: true }), { status: 415 })
  }
  if (status >= 500) return exchange.fail(MillraceError.from(error))
  exchange.fail(new MillraceError('INVALID_INPUT', message, { notRun: true }), { status })
}
