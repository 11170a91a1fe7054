import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Account, Share } from '../../../budget/budget.js'
import { Progress, type ProgressRules, type Wait } from '../../../budget/progress.js'
import { idleStream, noRoom, stalledAnswer, stalledRequest } from '../../../budget/refusals.js'
import { reserveAnswer } from '../../../budget/reserve-answer.js'
import type { Scope } from '../../../call/scope.js'
import { MillraceError } from '../../../errors.js'
import type { Clock } from '../../../lib/clock.js'
import { closeCode } from '../../../wire/websocket.js'
import type { ClientConnection } from '../connections.js'
import { FrameMeter } from './frame-meter.js'
import { fittingReason } from './refused-request.js'
import type { Peer, Talk } from './talk.js'

/** A client that has sent nothing for so long is sent a ping, and has as long to answer it: as Jina's server (uvicorn). */
const pingMs = 20_000

/** Largest header of a frame from a server (RFC 6455, 5.2). */
const frameHeaderBytes = 10

export interface ConnectionOptions {
  readonly share: Share
  readonly clock: Clock
  readonly maxMessageBytes: number
}

type State =
  /** The handshake is checked. */
  | { readonly kind: 'opening' }
  | { readonly kind: 'open'; readonly websocket: WebSocket; readonly talk: Talk; readonly call: Scope }
  /** A close frame or a refusal was sent, or the connection is gone. */
  | { readonly kind: 'ending' }

/**
 * A client's connection that became a WebSocket.
 *
 * 1. Bytes of incomplete messages are reserved as they arrive, messages of the gateway until the system has taken them.
 * 2. When the socket closes, for whatever reason, everything below its call is aborted.
 * 3. A client that has vanished is noticed: within twice `pingMs` when nothing is sent to it, else by its lack of progress.
 */
export class WebSocketConnection implements ClientConnection, Peer {
  readonly #socket: Socket
  readonly #share: Share
  readonly #clock: Clock
  readonly #maxMessageBytes: number
  readonly #meter = new FrameMeter()
  readonly account: Account
  #state: State = { kind: 'opening' }
  #call: Scope | undefined
  /** Reserved for incomplete messages. */
  #incoming = 0
  /** Messages received and sent. */
  #messages = 0
  #idleSince: number
  #progress: Progress | undefined
  /** When bytes of the client last arrived, and how many they were. */
  #heard: { readonly bytes: number; readonly at: number }
  #pingedAt: number | undefined
  #isPaused = false

  constructor(socket: Socket, { share, clock, maxMessageBytes }: ConnectionOptions) {
    this.#socket = socket
    this.#share = share
    this.#clock = clock
    this.#maxMessageBytes = maxMessageBytes
    this.account = share.account()
    this.#idleSince = clock.monotonic()
    this.#heard = { bytes: socket.bytesRead, at: this.#idleSince }
  }

  /** Whether its handshake is still to be answered. */
  get isOpening(): boolean {
    return this.#state.kind === 'opening'
  }

  /** Begins to talk over the socket of an accepted handshake. */
  open(websocket: WebSocket, call: Scope, talkOf: (peer: Peer) => Talk): void {
    this.#call = call
    call.memory = this.account
    websocket.on('error', () => {}) // of a client that breaks the protocol: `ws` closes the socket
    const talk = talkOf(this)
    this.#state = { kind: 'open', websocket, talk, call }
    websocket.on('message', (bytes: Buffer, isBinary: boolean) => {
      if (this.#state.kind !== 'open') return
      this.#touch()
      talk.message(bytes, isBinary)
    })
    this.#socket.prependListener('data', (chunk: Buffer) => this.#arrived(chunk))
    this.#socket.on('drain', () => {
      if (this.#state.kind === 'open') talk.drained()
    })
  }

  /** Answers the handshake with a refusal. */
  refuse(answer: string): void {
    this.#state = { kind: 'ending' }
    this.#socket.resume() // with unread bytes the connection would be reset, and the client would not get the reason
    this.#socket.end(answer)
  }

  // Peer

  get call(): Scope {
    return this.#call!
  }

  send(message: Buffer | string, { isText } = { isText: typeof message === 'string' }): boolean {
    if (this.#state.kind !== 'open') return true
    const bytes = typeof message === 'string' ? Buffer.from(message) : message
    const limits = { most: this.#maxMessageBytes, framing: frameHeaderBytes }
    const refusal = reserveAnswer(this.#share, bytes.length, limits)
    if (refusal !== undefined) throw refusal
    this.#touch()
    this.#state.websocket.send(bytes, { binary: !isText }, () =>
      this.#share.release(bytes.length + frameHeaderBytes),
    )
    return !this.#socket.writableNeedDrain
  }

  ping(answered: () => void): void {
    if (this.#state.kind !== 'open') return
    const { websocket } = this.#state
    websocket.once('pong', () => {
      if (this.#state.kind === 'open') answered()
    })
    websocket.ping()
  }

  end(code: number, reason = ''): void {
    const state = this.#state
    if (state.kind !== 'open') return
    this.#state = { kind: 'ending' }
    state.websocket.resume() // to read the close frame of the client
    state.websocket.close(code, fittingReason(reason))
    state.talk.closed()
    state.call.abort(new MillraceError('CANCELLED', 'The WebSocket was closed.'))
    this.account.close()
  }

  pause(): void {
    this.#isPaused = true
    if (this.#state.kind === 'open') this.#state.websocket.pause()
  }

  resume(): void {
    this.#isPaused = false
    if (this.#state.kind === 'open') this.#state.websocket.resume()
  }

  // ClientConnection

  get idleSince(): number {
    return this.#state.kind === 'open' && this.#state.talk.isIdle ? this.#idleSince : Number.POSITIVE_INFINITY
  }

  look(now: number, rules: ProgressRules): void {
    if (this.#state.kind === 'open') this.#lookForLeaving(this.#state.websocket)
    const wait = this.#wait
    if (this.#progress === undefined) this.#progress = new Progress(rules, wait, now)
    else if (this.#progress.look(wait, now).isStuck) this.#stuck(wait, rules)
    if (this.#state.kind === 'open') this.#lookForSilence(now, this.#state.websocket)
  }

  /** Answers of requests under way are sent before the close frame. */
  close(): void {
    if (this.#state.kind === 'open') this.#state.talk.drain()
  }

  evict(): void {
    this.end(closeCode.leaving, 'The gateway needs the room for another client.')
    this.#socket.destroySoon()
  }

  destroy(): void {
    this.#socket.destroy()
    this.#left()
    this.#share.close()
  }

  /** What the gateway waits for from the client. */
  get #wait(): Wait {
    const { bytesWritten, writableLength, bytesRead } = this.#socket
    if (writableLength > 0) return { kind: 'taking', count: bytesWritten - writableLength }
    switch (this.#state.kind) {
      case 'opening':
        return { kind: 'nothing', count: 0 }
      case 'ending':
        return { kind: 'leaving', count: 0 }
      case 'open':
        if (this.#isPaused) return { kind: 'nothing', count: 0 }
        if (this.#incoming > 0) return { kind: 'sending', count: bytesRead }
        return this.#state.talk.isIdle || this.#state.talk.isAwaited === true
          ? { kind: 'idle', count: this.#messages }
          : { kind: 'nothing', count: 0 }
    }
  }

  #stuck({ kind, count }: Wait, rules: ProgressRules): void {
    switch (kind) {
      case 'sending':
        return this.end(closeCode.notAllowed, stalledRequest(count, rules).message)
      case 'idle':
        return this.end(closeCode.notAllowed, idleStream(rules).message)
      case 'taking':
      case 'leaving':
        if (this.#state.kind === 'open') this.#state.call.abort(stalledAnswer(rules))
        return this.destroy()
      case 'nothing':
        return // it is not the client's turn
    }
  }

  /** The client has sent a close frame, and may keep its connection open. */
  #lookForLeaving({ readyState, OPEN }: WebSocket): void {
    if (readyState !== OPEN) this.#left()
  }

  /** Pings a client that has sent nothing for a while, and cuts off one that does not answer. */
  #lookForSilence(now: number, websocket: WebSocket): void {
    const { bytesRead, writableLength } = this.#socket
    if (bytesRead !== this.#heard.bytes || this.#isPaused || writableLength > 0) {
      this.#heard = { bytes: bytesRead, at: now }
      this.#pingedAt = undefined
    } else if (this.#pingedAt !== undefined) {
      if (now - this.#pingedAt >= pingMs) this.destroy()
    } else if (now - this.#heard.at >= pingMs) {
      this.#pingedAt = now
      websocket.ping()
    }
  }

  #arrived(chunk: Buffer): void {
    this.#meter.push(chunk)
    const more = this.#meter.pending - this.#incoming
    if (more > 0 && !this.#share.reserve(more)) {
      const { message } = noRoom('receive the message', more, this.#share)
      return this.end(closeCode.full, message)
    }
    if (more < 0) this.#share.release(-more)
    this.#incoming += more
  }

  #touch(): void {
    this.#messages++
    this.#idleSince = this.#clock.monotonic()
  }

  /** The client has left. */
  #left(): void {
    const state = this.#state
    this.#state = { kind: 'ending' }
    if (state.kind !== 'open') return
    state.talk.closed()
    state.call.abort(new MillraceError('CANCELLED', 'The client went away.'))
    this.account.close()
  }
}
