import type { IncomingMessage } from 'node:http'
import { MillraceError } from '../../../errors.js'
import { type Subprotocol, subprotocols } from '../../../wire/websocket.js'
import { isPage, offersOf } from './page-offers.js'

/** What a handshake asks for (RFC 6455, 4.1). */
export interface Handshake {
  readonly path: string
  /** Default `json`, as in Jina (jina.md 4.9). */
  readonly subprotocol: Subprotocol
  /** Whether the client named it, and then is told which was chosen. */
  readonly isNamed: boolean
  readonly isPage: boolean
}

/** The path, without a query. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0]!
}

/** Reads a handshake. Throws INVALID_INPUT when it offers no sub-protocol that the gateway has. */
export function handshakeOf(message: IncomingMessage): Handshake {
  const path = pathOf(message)
  const offered = offersOf(message)
  const subprotocol = subprotocols.find((known) => offered.includes(known))
  if (subprotocol !== undefined) return { path, subprotocol, isNamed: true, isPage: isPage(message) }
  if (offered.length === 0) return { path, subprotocol: 'json', isNamed: false, isPage: false }
  // a browser closes a socket whose server answers with no sub-protocol that it offered
  const what = `The handshake offers no sub-protocol that this gateway has: name one of ${subprotocols.join(', ')}.`
  throw new MillraceError('INVALID_INPUT', what, { notRun: true })
}

/**
 * Whether a handshake comes from a web page that may call the Flow: one of the gateway's own origin, or one that `http.cors`
 * lists. Browsers let any page open a WebSocket to any server, and send `Origin` with it; other clients send none.
 */
export function isAllowedOrigin(
  { headers: { origin, host } }: IncomingMessage,
  allowed: boolean | readonly string[],
): boolean {
  if (origin === undefined || allowed === true) return true
  if (allowed !== false && allowed.includes(origin)) return true
  return URL.canParse(origin) && new URL(origin).host === host
}
