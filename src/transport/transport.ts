import type { MessagePort } from 'node:worker_threads'
import type { Description, Handler, Sender, Service } from '../call/call.js'
import type { DocArrayVersion } from '../document/list-version.js'
import type { BatchFigures } from '../observe/batch-figures.js'
import type { Metric } from '../observe/metrics/report.js'
import type { HeaderRule } from './forward-headers.js'
import type { ClientTls } from '../tls/client-tls.js'
import type { Recipient } from '../wire/identity.js'

/** Address of a pod; can be sent to another thread, and (sockets and gRPC) to another process. */
export type Address =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'port'; readonly port: MessagePort }
  | {
      readonly kind: 'grpc'
      readonly host: string
      readonly port: number
      /** Path of a Unix socket, which is dialled in place of host and port. */
      readonly path?: string
      /** Path of another Unix socket of the same server, which takes requests as frames: of a pod in Python. */
      readonly requestsPath?: string
      readonly tls: boolean
      /** Used with `tls` only. */
      readonly credentials?: ClientTls
      /** A pod of this Flow, which counts as dead when its connection is lost. Default false: a server that may come back. */
      readonly isPod?: boolean
    }
  | { readonly kind: 'memory'; readonly service: Service }

/** The dialling side: one multiplexed connection to one pod. */
export interface Channel {
  /**
   * Makes one hop. Rejects with UNAVAILABLE when the connection is lost. When the call is aborted it rejects immediately with the
   * reason and cancels the call at the peer. Both sides enforce the deadline.
   */
  readonly handle: Handler
  /** Whether the peer does not read its requests, so that further ones should go elsewhere. Absent: never. */
  readonly isCongested?: boolean
  /** The peer's current concurrency limit; absent or `Infinity` when it has none. */
  readonly limit?: number
  /** Tells the peer that more calls are waiting than its limit admits. */
  askForMore?(): void
  /** Sets the only listener. It is called when the peer can take more calls: it reads again, or its limit has grown. */
  onCapacity?(listener: () => void): void
  /** Asks the peer for its endpoints (a real round trip). */
  describe(): Promise<Description>
  /** Asks the peer for its metrics, none where it measures nothing; absent for peers that have a port for their own metrics. */
  measure?(): Promise<readonly Metric[]>
  /**
   * Resolves when the peer's event loop has answered, with what the peer has measured of its batches: nothing where it has no
   * batching, or over gRPC. Rejects when the connection is lost.
   */
  ping(): Promise<readonly BatchFigures[]>
  /**
   * Tells the peer that this side is about to leave: from now on no request waits there for a batch to fill. Absent for peers
   * that have other callers too.
   */
  flush?(): void
  /** Resolves when the peer takes no new calls, or the connection has closed. Never rejects. */
  readonly leaving: Promise<{ readonly reason: string }>
  /** Resolves when either side has closed the connection for good. Never rejects. */
  readonly closed: Promise<{ readonly reason: string }>
  /** Closes the connection; calls in flight reject with CANCELLED. Idempotent. */
  close(): Promise<void>
}

/** The serving side. */
export interface Listener {
  readonly address: Address
  /** Refuses new calls, waits at most `graceMs` (default 5000) for calls in flight, then closes. Idempotent. */
  close(options?: { readonly graceMs?: number }): Promise<void>
}

export interface DialOptions {
  /** Aborts connecting. */
  readonly signal?: AbortSignal
  /** Largest request to send and largest answer to accept, in bytes (default 1 GiB); larger ones fail with RESOURCE_EXHAUSTED. */
  readonly maxFrameBytes?: number
  /** Requests are not used after they were sent, so that a port may transfer their memory. Default false. */
  readonly givesAway?: boolean
  /**
   * The channel closes when its connection is lost, as for a pod on this machine. If false (default), for external servers, the
   * next call reconnects. Only for gRPC.
   */
  readonly endsWithConnection?: boolean
  /**
   * The pod expected at the address. Over gRPC each request names it, and another Millrace pod refuses the request. Default: any.
   * The other transports ignore it: their addresses are never reused by another pod.
   */
  readonly recipient?: Recipient
  /**
   * The server is not one of Millrace, or may not be: a request whose documents come from several answers is sent to it as a
   * request for each answer (`process_data`). Default false: as one request that says where its documents come from, in a
   * field that only Millrace knows. Only for gRPC.
   */
  readonly sendsParts?: boolean
  /**
   * The only format of documents that the server speaks: requests in the other one are converted, and their answers back. Default:
   * as the server says itself, if it is one of Jina. Only for gRPC.
   */
  readonly docarray?: DocArrayVersion | null
  /** Headers to forward, besides trace context. Default: all, credentials too. */
  readonly forwardHeaders?: HeaderRule
  /** A lost connection is reopened, so that another peer may be at the address. Only for gRPC. */
  readonly onReconnect?: () => void
}

export interface ListenOptions {
  /** Milliseconds for one call, where its caller does not set less; null or left out for no limit. */
  readonly timeoutMs?: number | null
  /** Creates the sender for the calls of each connection. Default: `anonymousSender`. */
  readonly sender?: () => Sender
  /** Largest answer to send and largest request to accept, in bytes (default 1 GiB); larger ones fail with RESOURCE_EXHAUSTED. */
  readonly maxFrameBytes?: number
  /** Answers are not used after they were sent, so that a port may transfer their memory. Default false. */
  readonly givesAway?: boolean
}

/** Where to listen. `port` without a port creates a pair and serves one end; the other end is the address. */

export type ListenAt =
  | { readonly kind: 'memory' }
  | { readonly kind: 'port'; readonly port?: MessagePort }
  | { readonly kind: 'socket'; readonly path: string }
