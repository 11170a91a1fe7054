import type { Socket } from 'node:net'
import type { ProgressRules } from '../../budget/progress.js'
import type { Clock } from '../../lib/clock.js'
import { deferred } from '../../lib/deferred.js'
import type { Serving } from '../serving.js'

/** How many times in `stallMs` connections are checked for progress. */
const looks = 4

/** A client's connection, whatever its protocol. */
export interface ClientConnection {
  /** Monotonic milliseconds since when it has had no call; `Infinity` while it must not be closed as idle. */
  readonly idleSince: number
  /** Ends what makes no progress, and the connection when it has been idle for too long. `now` in monotonic milliseconds. */
  look(now: number, rules: ProgressRules): void
  /** Takes no more calls, and closes after those in flight. */
  close(): void
  /** Closes the connection without waiting, because its room is needed. */
  evict(): void
  /** Cuts the connection and releases what it has reserved. Idempotent. */
  destroy(): void
}

/**
 * The open connections of a protocol's server.
 *
 * 1. A connection is destroyed when its socket has closed, and then is no longer open.
 * 2. A client that makes no progress for `stallMs` loses the call, or the connection.
 * 3. `close` ends within its grace, whatever clients do.
 */
export class Connections<C extends ClientConnection> {
  readonly #clock: Clock
  readonly #rules: ProgressRules
  readonly #open = new Map<Socket, C>()
  readonly #emptied = deferred()
  #cancelLook = (): void => {}
  #closed: Promise<void> | undefined

  constructor({ limits, timeoutMs }: Pick<Serving, 'limits' | 'timeoutMs'>, clock: Clock) {
    this.#clock = clock
    this.#rules = { stallMs: limits.stallMs, idleMs: limits.idleMs, sendingMs: timeoutMs }
    this.#scheduleLook()
  }

  /** Whether `close` has been called. */
  get isClosing(): boolean {
    return this.#closed !== undefined
  }

  /** The connection of a socket; undefined when it is not open. */
  at(socket: Socket): C | undefined {
    return this.#open.get(socket)
  }

  add(socket: Socket, connection: C): void {
    this.#open.set(socket, connection)
    socket.once('close', () => {
      const closed = this.#open.get(socket)
      this.#open.delete(socket)
      closed?.destroy()
      if (this.isClosing && this.#open.size === 0) this.#emptied.resolve()
    })
  }

  /** Lets another connection continue on an open socket. */
  replace(socket: Socket, connection: C): void {
    if (this.#open.has(socket)) this.#open.set(socket, connection)
  }

  /** Closes the connection that has had no call for the longest time; false when there is none. */
  dropIdle(): boolean {
    let oldest: C | undefined
    for (const connection of this.#open.values()) {
      if (connection.idleSince < (oldest?.idleSince ?? Number.POSITIVE_INFINITY)) oldest = connection
    }
    oldest?.evict()
    return oldest !== undefined
  }

  /** Lets calls in flight finish for `graceMs`, then cuts all connections. Idempotent. */
  close(graceMs: number): Promise<void> {
    this.#closed ??= this.#close(graceMs)
    return this.#closed
  }

  async #close(graceMs: number): Promise<void> {
    for (const connection of this.#open.values()) connection.close()
    const cancel = this.#clock.after(graceMs, () => {
      for (const connection of this.#open.values()) connection.destroy() // invariant 3
    })
    if (this.#open.size > 0) await this.#emptied.promise
    cancel()
    this.#cancelLook()
  }

  #scheduleLook(): void {
    this.#cancelLook = this.#clock.after(this.#rules.stallMs / looks, () => {
      const now = this.#clock.monotonic()
      for (const connection of this.#open.values()) connection.look(now, this.#rules)
      this.#scheduleLook()
    })
  }
}
