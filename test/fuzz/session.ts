import { below, pieces, type Random } from '../../src/http2/generated-blocks.suite.js'
import type { HandClock } from '../../src/lib/hand-clock.suite.js'
import type { Mutated } from './mutation.js'
import { PeerFrames } from './peer-frames.js'
import { PeerSocket, settled } from './peer-socket.js'
import { SentFrames, type SentWindows } from './sent-frames.js'

const windows: SentWindows = { stream: 1024 * 1024, connection: 16 * 1024 * 1024 }

/** One connection: mutated bytes are given to it, and what it sends is checked. */
export class Session {
  readonly socket: PeerSocket
  readonly peer: PeerFrames
  readonly #sent: SentFrames
  readonly #random: Random
  readonly #clock: HandClock
  #failure: unknown

  constructor(
    role: 'client' | 'server',
    { random, clock }: { readonly random: Random; readonly clock: HandClock },
  ) {
    this.#random = random
    this.#clock = clock
    this.peer = new PeerFrames(role === 'server')
    this.#sent = new SentFrames(role, this.peer, windows)
    this.socket = new PeerSocket((chunk) => this.#take(chunk))
    this.socket.on('error', () => {})
  }

  /** Frames that the connection has sent. */
  get sent(): number {
    return this.#sent.count
  }

  /** Gives the bytes to the connection; returns how many mutations it has read before it ended. */
  async receive({ bytes, mutations }: Mutated, onPiece: () => void): Promise<number> {
    const random = this.#random
    let at = 0
    for (const piece of pieces(bytes, random)) {
      if (this.socket.isOver) break
      onPiece()
      await this.give(piece)
      at += piece.length
      if (random() < 0.05) this.socket.isStuck = true
      else if (this.socket.isStuck && random() < 0.3) this.socket.resumeReading()
      if (random() < 0.02) this.#clock.move(below(random, 2500))
    }
    return mutations.filter((end) => end <= at).length
  }

  /** Gives bytes to the connection, and waits for what it sends. */
  async give(bytes: Buffer): Promise<void> {
    this.peer.take(bytes)
    this.socket.push(bytes)
    await this.settle()
  }

  /** The peer reads everything. */
  async read(): Promise<void> {
    this.socket.resumeReading()
    for (let turn = 0; turn < 3; turn++) await this.settle()
  }

  /** Closes the connection, and waits until nothing happens any more. */
  async close(): Promise<void> {
    this.socket.resumeReading()
    if (this.#random() < 0.5) this.socket.push(null)
    await this.settle()
    const isWhole = this.socket.writableFinished
    this.socket.destroy()
    await this.settle()
    await this.settle()
    if (isWhole) this.#sent.ended()
  }

  async settle(): Promise<void> {
    await settled()
    if (this.#failure !== undefined) throw this.#failure
    if (!this.socket.isStuck && !this.socket.isPaused()) this.peer.settled()
  }

  #take(chunk: Buffer): void {
    try {
      this.#sent.take(chunk)
    } catch (error) {
      this.#failure ??= error
    }
  }
}
