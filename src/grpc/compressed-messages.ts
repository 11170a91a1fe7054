import type { Holding } from '../budget/budget.js'
import { type Message, prefixBytes } from './frame.js'
import { atOnceBytes, gzip, gzipAtOnce, gzipBytes, type Packed, plain } from './gzip.js'

type Memory = Pick<Holding, 'reserve' | 'release'>

/** Where compressed messages go. */
export interface PackedOutput {
  /** False when no more should be sent before the stream drains. */
  write(packed: Packed): boolean
  /** More may be sent, after `send` has returned false for a message that was being compressed. */
  drained(): void
}

interface Waiting {
  readonly message: Message
  readonly size: number
}

/**
 * Compresses the messages that one side of a call sends.
 *
 * 1. Messages keep their order: while one is compressed in another thread, later ones wait.
 * 2. Messages are reserved by the caller, with their prefix and uncompressed. What compression saves is released before a message
 *    is written, and all of a message that is not written once it is no longer held.
 * 3. The compressed form and the memory of zlib are reserved while a message is compressed; without room it is sent as it is.
 */
export class CompressedMessages {
  readonly #minBytes: number
  readonly #memory: Memory
  readonly #output: PackedOutput
  readonly #waiting: Waiting[] = []
  #isRunning = false
  #isClosed = false
  #onIdle: (() => void) | undefined

  constructor(minBytes: number, memory: Memory, output: PackedOutput) {
    this.#minBytes = minBytes
    this.#memory = memory
    this.#output = output
  }

  /** Whether messages wait for a thread that compresses them. */
  get isBusy(): boolean {
    return this.#isRunning
  }

  /** False when no more should be sent before the call drains. */
  send(message: Message, size: number): boolean {
    if (!this.#isRunning && size <= Math.max(atOnceBytes, this.#minBytes - 1)) {
      return this.#write(size, size < this.#minBytes ? plain(message, size) : gzipAtOnce(message, size))
    }
    this.#waiting.push({ message, size })
    if (!this.#isRunning) void this.#run() // never rejects: `#pack` does not
    return false
  }

  /** Runs a function once all messages are written, unless the stream closes before. */
  afterwards(run: () => void): void {
    if (this.#isRunning) this.#onIdle = run
    else run()
  }

  /** The stream is closed: nothing more is written. */
  close(): void {
    this.#isClosed = true
    for (const { size } of this.#waiting.splice(0)) this.#memory.release(size + prefixBytes)
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    let isRoomy = true
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const packed = await this.#pack(next)
      isRoomy = this.#write(next.size, packed)
    }
    this.#isRunning = false
    if (this.#isClosed) return
    if (this.#onIdle !== undefined) this.#onIdle()
    else if (isRoomy) this.#output.drained()
  }

  /** Null when the stream has closed. */
  async #pack({ message, size }: Waiting): Promise<Packed | null> {
    if (size < this.#minBytes) return plain(message, size)
    if (size <= atOnceBytes) return gzipAtOnce(message, size)
    const extra = size + gzipBytes
    if (!this.#memory.reserve(extra)) return plain(message, size)
    try {
      return await gzip(message, size, () => !this.#isClosed)
    } catch {
      return plain(message, size) // zlib has no memory
    } finally {
      this.#memory.release(extra)
    }
  }

  #write(size: number, packed: Packed | null): boolean {
    if (packed === null || this.#isClosed) {
      this.#memory.release(size + prefixBytes)
      return true
    }
    this.#memory.release(size + prefixBytes - packed.bytes)
    return this.#output.write(packed)
  }
}
