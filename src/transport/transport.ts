import type { MessagePort } from 'node:worker_threads'
import type { Description, Handler, Sender, Service } from '../call/call.js'
import type { ForwardHeaders } from './forward-headers.js'
import type { Recipient } from '../wire/identity.js'

/** Where a pod listens, as data that can cross a thread or process boundary. */
export type Address =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'port'; readonly port: MessagePort }
  | {
      readonly kind: 'grpc'
      readonly host: string
      readonly port: number
      readonly tls: boolean
      /** One pod of this Flow, which is gone when its connection is. Default false: a server that may come back. */
      readonly isPod?: boolean
    }
  | { readonly kind: 'memory'; readonly service: Service }

/** The dialled side: one multiplexed connection to one pod. */
export interface Channel {
  /**
   * One hop. Rejects with UNAVAILABLE when the peer is gone, and with the reason as soon as the call is aborted, which the peer
   * is told. The deadline goes along, and both ends keep it.
   */
  readonly handle: Handler
  /** Whether the peer does not read the requests that were sent, so that more of them should go elsewhere. Absent: never. */
  readonly isCongested?: boolean
  /** Calls that the peer says it should have at once, this moment; left out or `Infinity` where it does not say. */
  readonly limit?: number
  /** Tells the peer that more calls wait than it said it should have. */
  askForMore?(): void
  /** Calls the one listener when the peer takes more calls: it reads again, or has said so other than by an answer. */
  onCapacity?(listener: () => void): void
  /** Asks the peer what it serves (a real round trip). */
  describe(): Promise<Description>
  /** Resolves when the peer has shown that its event loop turns; rejects when it is gone. */
  ping(): Promise<void>
  /** Resolves once, with why, when the peer has said that it takes no new calls, or is gone. Never rejects. */
  readonly leaving: Promise<{ readonly reason: string }>
  /** Resolves once, with why, when the connection is gone for good, closed by either side. Never rejects. */
  readonly closed: Promise<{ readonly reason: string }>
  /** Ends the connection; calls in flight reject with CANCELLED. Idempotent. */
  close(): Promise<void>
}

/** The serving side. */
export interface Listener {
  readonly address: Address
  /** Refuses new calls, waits for those in flight, at most `graceMs`, then closes. Idempotent. */
  close(options?: { readonly graceMs?: number }): Promise<void>
}

export interface DialOptions {
  /** Gives up connecting. */
  readonly signal?: AbortSignal
  /** Largest request sent and largest answer taken, in bytes (default 1 GiB); larger ones fail with RESOURCE_EXHAUSTED. */
  readonly maxFrameBytes?: number
  /** Requests are not looked at again once they were sent, so that a port may take their memory along. Default false. */
  readonly givesAway?: boolean
  /**
   * The channel is one connection, as of a pod on this machine: it leaves and closes with it. Otherwise, for servers of
   * somebody else, a lost connection is made again by the next call. Default false; only gRPC knows the difference.
   */
  readonly endsWithConnection?: boolean
  /**
   * The pod that is meant to be at the address. Over gRPC each request says so, and another pod of Millrace refuses it. Default:
   * any. The other transports ignore it: no second pod ever listens at one of their addresses.
   */
  readonly recipient?: Recipient
  /** Headers of a call that the peer gets; trace context always does. Default: all. The other transports send all to pods here. */
  readonly forwardHeaders?: ForwardHeaders
  /** A lost connection is made again, so that another peer may be at the address. Only told by gRPC. */
  readonly onReconnect?: () => void
}

export interface ListenOptions {
  /** Milliseconds for one call, where its caller does not set less; null or left out for no limit. */
  readonly timeoutMs?: number | null
  /** Who calls are from, one for each connection; default: a sender that is not patient. */
  readonly sender?: () => Sender
  /** Largest answer sent and largest request taken, in bytes (default 1 GiB); larger ones fail with RESOURCE_EXHAUSTED. */
  readonly maxFrameBytes?: number
  /** Answers are not looked at again once they were sent, so that a port may take their memory along. Default false. */
  readonly givesAway?: boolean
}

/** What to listen on. A port without `port` makes a pair and serves one end; the other is the address. */
export type ListenAt =
  | { readonly kind: 'memory' }
  | { readonly kind: 'port'; readonly port?: MessagePort }
  | { readonly kind: 'socket'; readonly path: string }
