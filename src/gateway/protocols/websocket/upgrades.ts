import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { WebSocketServer } from 'ws'
import { MillraceError } from '../../../errors.js'
import type { Clock } from '../../../lib/clock.js'
import { timeoutHeader } from '../../../wire/gateway-headers.js'
import { recipientHeader } from '../../../wire/identity.js'
import type { Sender } from '../../../call/call.js'
import type { Caller } from '../../callers/caller.js'
import { defaultHttpRules } from '../../http-rules.js'
import type { Serving } from '../../serving.js'
import type { ClientConnection } from '../connections.js'
import { callerTimeout } from '../http/caller.js'
import { statusOf } from '../http/statuses.js'
import type { Upgrade, Upgrades } from '../http/upgrades.js'
import { addressOf, connectionSender, streamSender } from '../senders.js'
import { WebSocketConnection } from './connection.js'
import { handshakeOf, isAllowedOrigin, pathOf } from './handshake.js'
import { credentialsOf, isPage, offeredHeaders, requireNoneForOthers } from './page-offers.js'
import { refusedHandshake } from './refused-handshake.js'
import { RefusedPage } from './refused-page.js'
import { SocketCall } from './socket-call.js'
import type { TalkOf } from './talks.js'

/** A handshake that is not answered yet. */
interface Arrival extends Upgrade {
  readonly connection: WebSocketConnection
  readonly sender: Sender
  /** Those of the handshake, and those that a page offers. */
  readonly headers: IncomingHttpHeaders
  readonly caller: Caller
  /** When it arrived, in monotonic milliseconds. */
  readonly began: number
}

/**
 * Takes over connections of HTTP that become WebSockets.
 *
 * The extension permessage-deflate is not offered: it takes some 300 KiB a connection, which the budget could not count, and a
 * small message may unpack to a large one.
 */
export class WebSocketUpgrades implements Upgrades {
  readonly #serving: Serving
  readonly #clock: Clock
  readonly #talkOf: TalkOf
  readonly #server: WebSocketServer

  constructor(serving: Serving, clock: Clock, talkOf: TalkOf) {
    this.#serving = serving
    this.#clock = clock
    this.#talkOf = talkOf
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: serving.maxMessageBytes,
      // by then it was offered, and is one of ours; a token never is
      handleProtocols: (_offered, message) => handshakeOf(message).subprotocol,
    })
  }

  isWanted({ headers }: IncomingMessage): boolean {
    return headers.upgrade?.toLowerCase() === 'websocket'
  }

  accept(upgrade: Upgrade): ClientConnection {
    const { maxMessageBytes } = this.#serving
    const { socket, share } = upgrade
    const connection = new WebSocketConnection(socket, { share, clock: this.#clock, maxMessageBytes })
    const arrival = this.#arrivalOf(upgrade, connection)
    const denial = this.#check(arrival)
    if (denial instanceof Promise)
      void denial.then((found) => this.#answer(arrival, found)) // never rejects
    else this.#answer(arrival, denial)
    return connection
  }

  #arrivalOf(upgrade: Upgrade, connection: WebSocketConnection): Arrival {
    const { message, socket } = upgrade
    const peer = { address: addressOf(socket), sender: connectionSender('websocket', socket) }
    const { address, sender } = this.#serving.clientOf?.(peer, message.headers) ?? peer
    const authorization = credentialsOf(message)
    const headers: IncomingHttpHeaders = { ...readable(message), ...message.headers }
    if (authorization !== undefined) headers.authorization = authorization
    return {
      ...upgrade,
      connection,
      began: this.#clock.monotonic(),
      sender: streamSender(sender),
      headers,
      caller: { headers, address },
    }
  }

  /** Why a client may not call; never rejects. Asked first, so that strangers do not learn what there is. */
  #check({ message, caller }: Arrival): MillraceError | null | Promise<MillraceError | null> {
    const { misdirected, callers } = this.#serving
    const elsewhere = misdirected(message.headers[recipientHeader] as string | undefined)
    return elsewhere ?? callers?.check(caller, 'request') ?? null
  }

  #answer(arrival: Arrival, denial: MillraceError | null): void {
    const { connection, socket } = arrival
    if (!connection.isOpening || socket.destroyed) return
    if (denial !== null) return this.#refuse(arrival, denial)
    const refusal = this.#refusalOf(arrival)
    if (refusal !== null) return this.#refuse(arrival, refusal.error, refusal.status)
    this.#open(arrival)
  }

  #refuse(arrival: Arrival, error: MillraceError, status = statusOf(error)): void {
    const { connection, sender, message, began } = arrival
    const { code, message: text } = error
    this.#serving.onRefused?.({
      name: 'call.refused',
      protocol: 'websocket',
      client: sender.client ?? '',
      target: `GET ${pathOf(message)}`,
      requestId: '',
      code,
      error: text,
      status,
      ms: this.#clock.monotonic() - began,
    })
    if (this.#isTold(message)) this.#tell(arrival, error)
    else connection.refuse(refusedHandshake(error, status))
  }

  /** Whether a refusal is told in a message. Pages of other origins get none. */
  #isTold(message: IncomingMessage): boolean {
    const { cors } = this.#serving.http ?? defaultHttpRules
    return isPage(message) && handshakeOf(message).subprotocol !== 'json' && isAllowedOrigin(message, cors)
  }

  #tell({ message, socket, head, connection, sender, headers }: Arrival, error: MillraceError): void {
    this.#server.handleUpgrade(message, socket, head, (websocket) => {
      const call = new SocketCall({ headers }, { sender, clock: this.#clock })
      let talk: RefusedPage | undefined
      connection.open(websocket, call, (peer) => (talk = new RefusedPage(peer, error)))
      talk?.opened()
    })
  }

  #refusalOf({
    message,
    headers,
  }: Arrival): { readonly error: MillraceError; readonly status: number } | null {
    const { cors, debugEndpoints } = this.#serving.http ?? defaultHttpRules
    if (!isAllowedOrigin(message, cors)) {
      const what = `Web pages of ${message.headers.origin} may not call this Flow: its option http.cors does not list them.`
      return { error: new MillraceError('UNAUTHENTICATED', what, { notRun: true }), status: 403 }
    }
    if (Number.isNaN(callerTimeout(headers))) {
      const what = `The header ${timeoutHeader} must be a number of milliseconds.`
      return { error: new MillraceError('INVALID_INPUT', what, { notRun: true }), status: 400 }
    }
    try {
      const offered = offeredHeaders(message)
      if (this.#serving.trustProxy) requireNoneForOthers(offered)
      const { path } = handshakeOf(message)
      if (path === '/' || (path === '/dry_run' && debugEndpoints)) return null
      const what = `There is no WebSocket at ${path.slice(0, 200)}: connect to /.`
      return { error: new MillraceError('NOT_FOUND', what, { notRun: true }), status: 404 }
    } catch (error) {
      return { error: MillraceError.from(error), status: 400 }
    }
  }

  #open({ message, socket, head, connection, sender, caller, headers }: Arrival): void {
    const handshake = handshakeOf(message)
    const countRequest = this.#serving.callers?.counter(caller) ?? null
    const setting = { serving: this.#serving, clock: this.#clock, countRequest }
    this.#server.handleUpgrade(message, socket, head, (websocket) => {
      const call = new SocketCall({ headers }, { sender, clock: this.#clock })
      connection.open(websocket, call, (peer) => this.#talkOf(peer, handshake, setting))
    })
  }
}

/** The headers that a page offers; none when they cannot be read, which `#refusalOf` refuses. */
function readable(message: IncomingMessage): Readonly<Record<string, string>> {
  try {
    return offeredHeaders(message)
  } catch {
    return {}
  }
}
