import type { Clock } from '../../../lib/clock.js'
import type { Serving } from '../../serving.js'
import { http } from '../http/protocol.js'
import { HttpServer } from '../http/server.js'
import type { Protocol } from '../protocol.js'
import { talkOf } from './talks.js'
import { WebSocketUpgrades } from './upgrades.js'

const upgradesOf = (serving: Serving, clock: Clock): WebSocketUpgrades =>
  new WebSocketUpgrades(serving, clock, talkOf)

/** WebSocket (RFC 6455), which begins as HTTP/1.1; over HTTP only the health of the Flow can be asked, as in Jina (jina.md 4.9). */
export const websocket: Protocol = {
  ...http,
  createServer: (serving, clock) =>
    new HttpServer(serving, clock, { hasEndpoints: false, upgrades: upgradesOf(serving, clock) }),
}

/** HTTP and WebSocket at one port: only a request tells them apart. */
export const httpAndWebSocket: Protocol = {
  ...http,
  createServer: (serving, clock) => new HttpServer(serving, clock, { upgrades: upgradesOf(serving, clock) }),
}
