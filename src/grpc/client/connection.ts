import type { Call } from '../../call/call.js'
import type { MillraceError } from '../../errors.js'
import { authority } from '../../lib/authority.js'
import { type Clock, systemClock } from '../../lib/clock.js'
import type { Method } from '../methods.js'
import { GrpcFailure, type GrpcStatus } from '../status.js'
import { grpcCode } from '../status-codes.js'
import { type CallListener, ClientCall } from './call.js'
import { type Dialled, dialler } from './dial.js'
import type { Peer } from './peer.js'
import { RequestHeads } from './request-head.js'
import { Session } from './session.js'

export interface GrpcCallOptions {
  /** Milliseconds since the epoch; `Infinity` is none. */
  readonly deadline: number
  readonly headers: Readonly<Record<string, string>>
  /** Aborting it cancels the RPC, which fails with that reason. */
  readonly call?: Pick<Call, 'aborted' | 'onAbort' | 'offAbort'>
}

/** Events of a connection that is not reopened. Each is called at most once. */
export interface ConnectionListener {
  /** The peer takes no new streams, or the connection has closed. */
  onLeaving(reason: string): void
  onClosed(reason: string): void
}

export interface ConnectionTools {
  readonly clock?: Clock
  /** With a listener a lost connection is not reopened: later calls are refused. */
  readonly listener?: ConnectionListener
  /** Called when a lost connection is reopened. */
  readonly onReconnect?: () => void
}

/**
 * A gRPC channel for raw bytes. Connects at the first call, and reconnects after the connection was lost unless there is a
 * `listener`.
 *
 * RPCs reject with GrpcFailure (see `errorFromGrpc`), the call's abort reason, or the reason of `close()`.
 */
export class GrpcConnection {
  readonly address: string
  readonly #peer: Peer
  readonly #dial: () => Dialled
  readonly #clock: Clock
  readonly #listener: ConnectionListener | undefined
  readonly #onReconnect: (() => void) | undefined
  readonly #heads: RequestHeads
  #session: Session | undefined
  /** The one before it, which had used up all its streams. */
  #retired: Session | undefined
  #closed: { readonly reason: MillraceError } | undefined

  /** @throws INVALID_OPTION when the peer's credentials cannot be used */
  constructor(peer: Peer, { clock = systemClock, listener, onReconnect }: ConnectionTools = {}) {
    this.address = peer.path === undefined ? authority(peer.host, peer.port) : `unix:${peer.path}`
    this.#peer = peer
    this.#dial = dialler(peer)
    this.#clock = clock
    this.#listener = listener
    this.#onReconnect = onReconnect
    this.#heads = new RequestHeads(peer)
  }

  /** Resolves when the peer has answered a ping. Connects if necessary. */
  ping(): Promise<void> {
    return this.#usableSession().ask()
  }

  /** Sends one request and resolves with the first answer. */
  unary(method: Method, request: Uint8Array, options: GrpcCallOptions): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      let answer: Uint8Array | undefined
      const call = this.duplex(method, options, {
        onMessage: (message) => (answer ??= message),
        onEnd: (status, reason = this.#closed?.reason) => {
          if (reason !== undefined) reject(reason)
          else if (status.code !== grpcCode.ok) reject(new GrpcFailure(status))
          else if (answer === undefined) reject(new GrpcFailure(unanswered))
          else resolve(answer)
        },
      })
      call.finish(request)
    })
  }

  /**
   * Sends one request and passes each answer to `take`. While a promise returned by `take` is pending, the peer is slowed down
   * and no further answer is passed. Resolves when all answers were taken. An error thrown by `take` cancels the RPC.
   */
  serverStream(
    method: Method,
    request: Uint8Array,
    { take, ...options }: GrpcCallOptions & { take(answer: Uint8Array): void | Promise<void> },
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Uint8Array[] = []
      let isTaking = false
      let end: (() => void) | undefined
      const takeNext = (): void => {
        while (!isTaking) {
          const answer = waiting.shift()
          if (answer === undefined) return end?.()
          const room = take(answer)
          if (room === undefined) continue
          isTaking = true
          stream.pause()
          void room.then(() => {
            isTaking = false
            stream.resume()
            proceed()
          })
        }
      }
      const proceed = (): void => {
        try {
          takeNext()
        } catch (error) {
          waiting.length = 0
          reject(error)
          stream.cancel()
        }
      }
      const stream = this.duplex(method, options, {
        onMessage(message) {
          waiting.push(message)
          proceed()
        },
        onEnd: (status, reason = this.#closed?.reason) => {
          if (reason !== undefined) {
            waiting.length = 0
            return reject(reason)
          }
          end = () => (status.code === grpcCode.ok ? resolve() : reject(new GrpcFailure(status)))
          proceed()
        },
      })
      stream.finish(request)
    })
  }

  /** Opens a raw stream, which its owner must cancel. */
  duplex(method: Method, options: GrpcCallOptions, listener: CallListener): ClientCall {
    const { call, deadline, headers } = options
    if (this.#closed !== undefined) throw this.#closed.reason
    if (call?.aborted !== undefined) throw call.aborted
    const session = this.#usableSession()
    const timeoutMs = deadline === Number.POSITIVE_INFINITY ? deadline : deadline - Date.now()
    const head = this.#heads.encode(method, timeoutMs, headers)
    const { maxMessageBytes, compression = null } = this.#peer
    const isCompressed = compression !== null
    return new ClientCall(session, head, { maxMessageBytes, isCompressed, deadline, call, listener })
  }

  /** Destroys the connection. RPCs in flight, except raw streams, fail with `reason`. Idempotent. */
  close(reason: MillraceError): void {
    if (this.#closed !== undefined) return
    this.#closed = { reason }
    this.#session?.destroy()
    this.#retired?.destroy()
  }

  #usableSession(): Session {
    const session = this.#session
    if (session?.isUsable === true) return session
    if (session === undefined) return (this.#session = this.#connect(this.#listener))
    if (session.isExhausted) {
      session.retire()
      this.#retired = session
      return (this.#session = this.#connect(this.#listener))
    }
    if (this.#listener !== undefined) throw new GrpcFailure(left)
    this.#session = this.#connect(undefined)
    this.#onReconnect?.()
    return this.#session
  }

  #connect(listener: ConnectionListener | undefined): Session {
    return new Session(this.#dial(), { clock: this.#clock, ...listener })
  }
}

/** The peer takes no more calls, or the connection has closed. */
const left: GrpcStatus = {
  code: grpcCode.unavailable,
  details: 'the connection was closed',
  here: true,
  notRun: true,
}

const unanswered: GrpcStatus = {
  code: grpcCode.unavailable,
  details: 'the stream ended without an answer',
  here: true,
}
