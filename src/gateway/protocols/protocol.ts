/**
 * A protocol that clients of the gateway may speak. Protocols of one port are told apart by the first bytes of a connection.
 *
 * 1. A connection is given to `accept` with all its bytes unread.
 * 2. Whatever a client makes a server hold is reserved in the budget of `Serving`.
 * 3. `close` ends within its grace, whatever clients do; then no connection of the server is open.
 */
import type { Socket } from 'node:net'
import type { Clock } from '../../lib/clock.js'
import type { Serving } from '../serving.js'

export interface Protocol {
  /** Whether a connection that begins with these bytes speaks it; null when more bytes are needed to know. */
  recognizes(first: Buffer): boolean | null
  /** For a client that speaks none of the protocols of a port. */
  readonly mismatch: string | Buffer
  /** Tells a client in this protocol, without a connection of a server, why it is refused. */
  refusal(why: string): string | Buffer
  createServer(serving: Serving, clock: Clock): ProtocolServer
}

/** Serves all connections of one protocol, of all listeners. */
export interface ProtocolServer {
  /** Takes a connection. Gives what to tell the client when it is refused. */
  accept(socket: Socket): string | Buffer | undefined
  /** Closes the connection that has had no call for the longest time; false when there is none. */
  dropIdle(): boolean
  /** Takes no new calls, lets those under way finish for `graceMs`, then ends them. Idempotent. */
  close(options: { readonly graceMs: number }): Promise<void>
}
