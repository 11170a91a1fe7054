import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import { notRunHeader, statusHeader } from '../../../wire/gateway-headers.js'
import type { HttpRules } from '../../http-rules.js'
import { requestIdHeader } from './caller.js'

/** How long a browser may keep the answer to a preflight request, in seconds: Chromium keeps it for two hours at most. */
const maxAgeSeconds = 7200

/**
 * Lets web pages of other origins call the Flow (CORS). Cookies are not allowed, unlike with Jina's `cors: true`: the gateway
 * has no use for them, and any page could call it in a user's name.
 */
export function allowOrigins(app: FastifyInstance, { cors: origins }: HttpRules): void {
  if (origins === false) return
  app.register(cors, {
    origin: origins === true ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: [requestIdHeader, statusHeader, notRunHeader, 'retry-after'],
    maxAge: maxAgeSeconds,
  })
}
