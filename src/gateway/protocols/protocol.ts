/**
 * A protocol that clients of the gateway may speak. The first bytes of a connection decide between the protocols of a port.
 *
 * 1. `accept` gets a connection with all its bytes unread.
 * 2. Everything that a server holds for a client is reserved in the budget of `Serving`.
 * 3. `close` ends within its grace, whatever clients do; then no connection of the server is open.
 */
import type { Socket } from 'node:net'
import type { Clock } from '../../lib/clock.js'
import type { Serving } from '../serving.js'

export interface Protocol {
  /** Whether a connection that begins with these bytes speaks this protocol; null when more bytes are needed. */
  recognizes(first: Buffer): boolean | null
  /** Sent to a client that speaks none of the protocols of a port. */
  readonly mismatch: string | Buffer
  /** Encodes a refusal with its reason, for a client whose connection no server has accepted. */
  refusal(why: string): string | Buffer
  /** Sent to a client that speaks this protocol without TLS on a port with TLS. Default: nothing. */
  readonly needsTls?: string | Buffer
  createServer(serving: Serving, clock: Clock): ProtocolServer
}

/** Serves all connections of one protocol, of all listeners. */
export interface ProtocolServer {
  /** Prepares what can fail; called before a port is bound. Default: nothing. */
  open?(): Promise<void>
  /** Takes over a connection. When it refuses the connection, returns what to send to the client. */
  accept(socket: Socket): string | Buffer | undefined
  /** Closes the connection that has had no call for the longest time; false when there is none. */
  dropIdle(): boolean
  /** Takes no new calls, lets calls in flight finish for `graceMs`, then ends them. Idempotent. */
  close(options: { readonly graceMs: number }): Promise<void>
}
