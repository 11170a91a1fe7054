import type { IncomingMessage } from 'node:http'
import { MillraceError } from '../../../errors.js'
import { protobufType } from '../../../wire/gateway-headers.js'
import { defaultHttpRules } from '../../http-rules.js'
import type { Serving } from '../../serving.js'
import { afterAuthentication } from './authentication.js'
import { endpointOf } from './endpoints.js'
import type { Exchange } from './exchange.js'
import { jsonType } from './failure.js'
import { post } from './post.js'

/** Types of a body that Fastify takes as they are; with other spellings it finds out. */
const plainTypes: ReadonlySet<string | undefined> = new Set(['application/json', jsonType, protobufType])

/** Paths that mean what they say: nothing is decoded or cut off. */
const plainPath = /^\/[\w\-/]{0,255}$/

/** Answers a request, and returns true; or returns false for one that is left to Fastify. */
export type Direct = (exchange: Exchange, message: IncomingMessage) => boolean

/**
 * Answers the requests that nearly all clients send, POST of a body to `/post` or to an endpoint, as the routes of `createApp` do,
 * but without Fastify, whose requests, replies and hooks take longer than the rest of an exchange. Null where hooks may have
 * something to say.
 */
export function directAnswers(serving: Serving): Direct | null {
  const { cors, debugEndpoints, routes } = serving.http ?? defaultHttpRules
  // a route of the user's may take the place of an endpoint
  if (cors !== false || routes !== null) return null
  return (exchange, message) => {
    const { method, url = '', headers } = message
    if (method !== 'POST' || !plainTypes.has(headers['content-type'])) return false
    if (headers['content-length'] === undefined || !plainPath.test(url)) return false
    const isPost = url === '/post' && debugEndpoints
    const endpoint = isPost ? null : endpointOf(message, serving)
    if (MillraceError.is(endpoint)) return false
    afterAuthentication(serving, exchange, {
      message,
      answer: () => post(serving, exchange, { message, endpoint }),
    })
    return true
  }
}
