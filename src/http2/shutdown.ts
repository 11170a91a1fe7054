import type { Socket } from 'node:net'
import type { Clock } from '../lib/clock.js'
import { errorCode, largestWindowBytes } from './codes.js'
import type { Output } from './output.js'
import type { Streams } from './streams.js'

/** How long the peer has to acknowledge that the connection will close, and then to close its side. */
const lastBytesMs = 1000

/** The data of the ping that tells when the peer has read the announcement. */
export const drainPing: Buffer = Buffer.from('draining')

/**
 * How far the end of a connection has come:
 *
 * open → announced: `close` was called; requests that were under way are still taken
 *      → draining: the peer has read that, or closes itself; no request is taken, open streams go on
 *      → finished: there is no stream; the last bytes are being sent, and what arrives is discarded
 *      → closed: so is the socket
 */
type Phase = 'open' | 'announced' | 'draining' | 'finished' | 'closed'

export interface ShutdownOptions {
  readonly clock: Clock
  readonly output: Output
  readonly streams: Streams
}

/** Closes a connection: gracefully with two GOAWAY frames (RFC 9113, 6.8), or because of an error. */
export class Shutdown {
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #output: Output
  readonly #streams: Streams
  #phase: Phase = 'open'
  #cancelTimer = (): void => {}

  constructor(socket: Socket, { clock, output, streams }: ShutdownOptions) {
    this.#socket = socket
    this.#clock = clock
    this.#output = output
    this.#streams = streams
  }

  get isOpen(): boolean {
    return this.#phase === 'open'
  }

  /** Whether new streams are refused. */
  get isDraining(): boolean {
    return this.#phase === 'draining'
  }

  /** Whether nothing is read any more. */
  get isOver(): boolean {
    return this.#phase === 'finished' || this.#phase === 'closed'
  }

  /** Announces the end, so that no request that is under way is lost. */
  announce(): void {
    if (this.#phase !== 'open') return
    this.#phase = 'announced'
    this.#output.outbox.goAway(largestWindowBytes, errorCode.noError, '')
    this.#output.outbox.ping(0, drainPing, 0)
    this.#output.schedule()
    this.#cancelTimer = this.#clock.after(lastBytesMs, () => this.drain())
  }

  /** Takes no more requests, says which was the last one, and closes after the open streams. */
  drain(): void {
    if (this.#phase === 'draining' || this.isOver) return
    this.#phase = 'draining'
    this.#cancelTimer()
    this.#output.outbox.goAway(this.#streams.lastServed, errorCode.noError, '')
    this.#output.schedule()
    this.emptied()
  }

  /** Closes the streams and the connection, and tells the peer why. */
  fail(code: number, why: string): void {
    if (this.isOver) return
    this.#output.outbox.goAway(this.#streams.lastServed, code, why)
    this.#finish()
    this.#destroySoon()
  }

  /** A stream has closed, and there is no other. */
  emptied(): void {
    if (this.#phase === 'draining' && this.#streams.size === 0) this.#finish()
  }

  /** The socket has closed. */
  closed(): void {
    this.#phase = 'closed'
    this.#cancelTimer()
    this.#streams.clear()
    this.#output.close()
  }

  #finish(): void {
    this.#phase = 'finished'
    this.#cancelTimer()
    this.#streams.clear()
    this.#output.finish()
    this.#socket.resume()
    this.#socket.once('finish', () => this.#destroySoon())
  }

  #destroySoon(): void {
    if (this.#phase === 'closed') return
    this.#cancelTimer()
    this.#cancelTimer = this.#clock.after(lastBytesMs, () => this.#socket.destroy())
  }
}
