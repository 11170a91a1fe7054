import { MillraceError } from '../errors.js'
import type { Holding } from '../budget/budget.js'
import { noRoom } from '../budget/refusals.js'
import { prefixBytes } from './frame.js'
import { GrowingBuffer } from './growing-buffer.js'

const noBytes: Buffer = Buffer.alloc(0)

export interface MessageReaderOptions {
  readonly maxMessageBytes: number
  /** Reserves the bytes that the reader holds, and those of emitted messages until their receiver releases them. */
  readonly account: Holding
  /** Resolves with the content of a compressed message, already reserved; rejects with the error for the client. */
  readonly inflate: (bytes: Uint8Array) => Promise<Uint8Array>
  readonly onMessage: (bytes: Uint8Array) => void
  /** No more messages follow; not called before the last message was taken. */
  readonly onEnd: () => void
  readonly onError: (error: MillraceError) => void
}

/**
 * Reads messages from the chunks of an HTTP/2 stream.
 *
 * 1. Chunks are valid only during `push`, so each message is copied, into memory that grows with the bytes that have arrived.
 * 2. Buffered bytes are reserved first; without room the call fails.
 * 3. While the reader is held it emits no message; chunks are queued.
 * 4. Messages keep their order, also when some of them are compressed.
 */
export class MessageReader {
  readonly #options: MessageReaderOptions
  /** Chunks not yet parsed. */
  #waiting: Buffer[] = []
  /** The part of an incomplete message's prefix that has arrived. */
  #prefix: Buffer = noBytes
  /** The incomplete message. */
  #message: GrowingBuffer | undefined
  #isCompressed = false
  /** Bytes of the message whose prefix was read last. */
  #size = 0
  #received = 0
  #given = 0
  #held = false
  #inflating = false
  #ended = false
  #closed = false

  constructor(options: MessageReaderOptions) {
    this.#options = options
  }

  /** Total bytes received. */
  get received(): number {
    return this.#received
  }

  /** Number of messages emitted. */
  get given(): number {
    return this.#given
  }

  /** Whether an incomplete message waits for the client. */
  get isWithinMessage(): boolean {
    return !this.#stopped && (this.#prefix.length > 0 || this.#message !== undefined)
  }

  /** Whether what has arrived waits: for `release`, or for the content of a compressed message. */
  get isBusy(): boolean {
    return this.#stopped
  }

  push(chunk: Buffer): void {
    if (this.#closed) return
    this.#received += chunk.length
    if (!this.#stopped) this.#read(chunk, false)
    else if (this.#hasRoom('keep what the client sends', chunk.length)) this.#waiting.push(Buffer.from(chunk))
  }

  /** The stream has ended. */
  end(): void {
    this.#ended = true
    this.#settle()
  }

  hold(): void {
    this.#held = true
  }

  release(): void {
    this.#held = false
    this.#continue()
  }

  /** Drops buffered bytes, and everything that still arrives. */
  close(): void {
    this.#closed = true
    if (this.#waiting.length > 0) this.#waiting = []
    this.#message?.discard()
    this.#message = undefined
  }

  get #stopped(): boolean {
    return this.#held || this.#inflating || this.#waiting.length > 0
  }

  #continue(): void {
    while (this.#waiting.length > 0 && !this.#held && !this.#inflating && !this.#closed) {
      const chunk = this.#waiting.shift()!
      this.#options.account.release(chunk.length)
      this.#read(chunk, true)
    }
    this.#settle()
  }

  /**
   * Reads message by message; when the reader is held, the rest of the chunk goes back to the front of the queue. `isOwn`:
   * whether the chunk stays valid.
   */
  #read(chunk: Buffer, isOwn: boolean): void {
    let at = 0
    while (at < chunk.length && !this.#closed) {
      if (this.#held || this.#inflating) {
        const rest = chunk.subarray(at)
        if (this.#hasRoom('keep what the client sends', rest.length))
          this.#waiting.unshift(isOwn ? rest : Buffer.from(rest))
        return
      }
      try {
        at = this.#take(chunk, at)
      } catch (error) {
        // a RangeError: the system has no memory
        return this.#fail(
          MillraceError.from(error, error instanceof RangeError ? 'RESOURCE_EXHAUSTED' : 'INTERNAL'),
        )
      }
    }
  }

  /** Takes at most one message from position `at` of the chunk; returns the position behind it. */
  #take(chunk: Buffer, at: number): number {
    if (this.#message !== undefined) return this.#append(this.#message, chunk, at)
    const start = at + prefixBytes - this.#prefix.length
    if (start - at === prefixBytes && start <= chunk.length)
      return this.#takePrefix(chunk, at) ? this.#takeContent(chunk, start) : chunk.length
    // the prefix is split over several chunks
    const prefix = Buffer.concat([this.#prefix, chunk.subarray(at, start)])
    const isWhole = prefix.length === prefixBytes
    this.#prefix = isWhole ? noBytes : prefix
    return isWhole && this.#takePrefix(prefix, 0) ? this.#takeContent(chunk, start) : chunk.length
  }

  /** False when the reader has failed because of it. */
  #takePrefix(bytes: Buffer, at: number): boolean {
    this.#isCompressed = bytes[at] === 1
    this.#size = bytes.readUInt32BE(at + 1)
    return this.#isWellFormed(bytes[at]!, this.#size)
  }

  #takeContent(chunk: Buffer, start: number): number {
    const end = start + this.#size
    if (end > chunk.length) return this.#append((this.#message = new GrowingBuffer(this.#size)), chunk, start)
    if (this.#hasRoom('take a message', this.#size))
      this.#deliver(whole(chunk, start, end), this.#isCompressed)
    return end
  }

  #append(message: GrowingBuffer, chunk: Buffer, at: number): number {
    const part =
      at === 0 && chunk.length <= message.missing ? chunk : chunk.subarray(at, at + message.missing)
    if (!this.#hasRoom('take a message', part.length)) return chunk.length
    message.add(part)
    if (message.missing === 0) {
      this.#message = undefined
      this.#deliver(message.take(), this.#isCompressed)
    }
    return at + part.length
  }

  /** `bytes` are reserved. */
  #deliver(bytes: Uint8Array, compressed: boolean): void {
    if (!compressed) {
      this.#given++
      this.#options.onMessage(bytes)
      return
    }
    this.#inflating = true
    this.#options.inflate(bytes).then(
      (content) => {
        this.#inflating = false
        this.#options.account.release(bytes.length)
        if (this.#closed) return
        this.#given++
        this.#options.onMessage(content)
        this.#continue()
      },
      (error: unknown) => this.#fail(MillraceError.from(error)),
    )
  }

  #settle(): void {
    if (!this.#ended || this.#closed || this.#stopped) return
    this.#ended = false
    if (this.isWithinMessage)
      this.#fail(new MillraceError('MALFORMED', 'The stream ended in the middle of a message.'))
    else this.#options.onEnd()
  }

  #isWellFormed(flag: number, bytes: number): boolean {
    const { maxMessageBytes } = this.#options
    if (flag > 1) {
      const what = `The first byte of a message is ${flag}: it must be 0, or 1 for a compressed one. Is the client one of gRPC-Web?`
      this.#fail(new MillraceError('INTERNAL', what, { notRun: true }))
      return false
    }
    if (bytes <= maxMessageBytes) return true
    const what = `A message of ${bytes} bytes is larger than the limit of ${maxMessageBytes} (maxMessageBytes).`
    this.#fail(new MillraceError('RESOURCE_EXHAUSTED', what, { retryable: false, notRun: true }))
    return false
  }

  #hasRoom(forWhat: string, bytes: number): boolean {
    const { account } = this.#options
    if (account.reserve(bytes)) return true
    this.#fail(noRoom(forWhat, bytes, account))
    return false
  }

  #fail(error: MillraceError): void {
    if (this.#closed) return
    this.close()
    this.#options.onError(error)
  }
}

/** The message between two positions of the chunk, in memory of its own: small ones are from Buffer's pool. */
function whole(chunk: Buffer, start: number, end: number): Uint8Array {
  const copy = Buffer.allocUnsafe(end - start)
  chunk.copy(copy, 0, start, end)
  return copy
}
