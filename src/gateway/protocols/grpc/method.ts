import type { Scope } from '../../../call/scope.js'
import type { MillraceError } from '../../../errors.js'
import type { Message } from '../../../grpc/frame.js'
import type { CountRequest } from '../../callers/caller.js'

/** Metadata sent after the message of an answer. */
export type Trailers = Readonly<Record<string, string>>

export const noTrailers: Trailers = {}

/** The answer of a unary method. */
export interface Reply {
  readonly message: Message
  readonly trailers: Trailers
}

/** One method of a service; independent of the library that serves it. */
export type Method = UnaryMethod | ItemsMethod | StreamMethod

/** One message in, one out. */
export interface UnaryMethod {
  readonly kind: 'unary'
  /** Milliseconds for one call, unless the client sets less; default: no limit. */
  readonly timeoutMs?: number | null
  answer(request: Uint8Array, call: Scope): Promise<Reply>
}

/** One message in, many out. */
export interface ItemsMethod {
  readonly kind: 'items'
  readonly timeoutMs?: number | null
  /** `send` returns a promise when no more should be sent before it resolves. */
  answer(request: Uint8Array, call: Scope, send: Send): Promise<Trailers>
}

/** Sends one message; returns a promise when no more should be sent before it resolves. */
export type Send = (message: Message) => void | Promise<void>

/** Many in, many out. */
export interface StreamMethod {
  readonly kind: 'stream'
  open(peer: MessagePeer, call: Scope): MessageListener
}

/** The client at the other end of a stream. */
export interface MessagePeer {
  /** Counts requests besides the first one; null when their number is not limited. */
  readonly countRequest: CountRequest | null
  /** False when no more should be sent before `drained`. */
  send(message: Message): boolean
  end(trailers?: Trailers): void
  fail(error: MillraceError): void
  pause(): void
  resume(): void
  /** Gives bytes of a received message back to the budget, because they are no longer held. */
  release(bytes: number): void
  /** Reserves room for an answer that must wait; when there is none, fails the call and returns false. */
  reserve(bytes: number): boolean
  /** False when messages should not be read for now. */
  hasRoom(): boolean
}

/** What happens on a stream. */
export interface MessageListener {
  /** Whether no request is in flight. */
  readonly isIdle: boolean
  message(bytes: Uint8Array): void
  /** The client sends no more. */
  end(): void
  drained(): void
  /** The server closes. */
  close(): void
  /** The client has disconnected. */
  abandon(): void
}
