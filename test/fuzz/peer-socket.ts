import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** A connection's socket without a network. What the connection sends is given to `take`. */
export class PeerSocket extends Duplex {
  /** While true the peer does not read. */
  isStuck = false
  readonly #take: (chunk: Buffer) => void
  #unread: (() => void) | undefined

  constructor(take: (chunk: Buffer) => void) {
    super({ allowHalfOpen: false })
    this.#take = take
  }

  get socket(): Socket {
    return this as unknown as Socket
  }

  /** Whether the connection sends nothing any more. */
  get isOver(): boolean {
    return this.writableEnded || this.destroyed
  }

  /** The peer reads again. */
  resumeReading(): void {
    this.isStuck = false
    const done = this.#unread
    this.#unread = undefined
    done?.()
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#take(chunk)
    this.#written(done)
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: () => void): void {
    for (const { chunk } of chunks) this.#take(chunk)
    this.#written(done)
  }

  /** What was read is overwritten afterwards, as the next read of a real socket does. */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event !== 'data') return super.emit(event, ...args)
    const read = Buffer.from(args[0] as Buffer)
    const isHeard = super.emit(event, read)
    read.fill(0xee)
    return isHeard
  }

  ref(): void {}
  unref(): void {}

  #written(done: () => void): void {
    if (this.isStuck) this.#unread = done
    else done()
  }
}

/** Lets everything happen that needs no time. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
