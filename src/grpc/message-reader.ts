import { MillraceError } from '../errors.js'
import type { Holding } from '../budget/budget.js'
import { noRoom } from '../budget/refusals.js'
import { prefixBytes } from './frame.js'
import { Gathering } from './gathering.js'

const noBytes: Buffer = Buffer.alloc(0)

/** A message in a larger chunk than this beside itself is copied out: a view would keep all of the chunk. */
const spareBytes = 4096

export interface MessageReaderOptions {
  readonly maxMessageBytes: number
  /** What the reader holds is reserved here, and messages that were given out until their taker releases them. */
  readonly account: Holding
  /** Gives the content of a compressed message, reserved; rejects with what to tell the client. */
  readonly inflate: (bytes: Uint8Array) => Promise<Uint8Array>
  readonly onMessage: (bytes: Uint8Array) => void
  /** No more messages come; not called before the last one was taken. */
  readonly onEnd: () => void
  readonly onError: (error: MillraceError) => void
}

/**
 * Messages out of the chunks of an HTTP/2 stream.
 *
 * 1. A message within one chunk is a view of it, unless the rest of the chunk is larger. Others are gathered in memory that
 *    grows with what has come.
 * 2. All bytes that are held are reserved first; without room the call fails.
 * 3. While it is held no message is given out; chunks wait.
 * 4. Messages keep their order, also when some of them are compressed.
 */
export class MessageReader {
  readonly #options: MessageReaderOptions
  /** Chunks that were not looked at yet. */
  #waiting: Buffer[] = []
  /** The prefix of the message that is not complete, as far as it came. */
  #prefix: Buffer = noBytes
  /** The message that is not complete. */
  #message: Gathering | undefined
  #isCompressed = false
  #received = 0
  #given = 0
  #held = false
  #inflating = false
  #ended = false
  #closed = false

  constructor(options: MessageReaderOptions) {
    this.#options = options
  }

  /** Bytes that came in all. */
  get received(): number {
    return this.#received
  }

  /** Messages that were given out. */
  get given(): number {
    return this.#given
  }

  /** Whether a message has begun that only the client can complete. */
  get isWithinMessage(): boolean {
    return !this.#stopped && (this.#prefix.length > 0 || this.#message !== undefined)
  }

  push(chunk: Buffer): void {
    if (this.#closed) return
    this.#received += chunk.length
    if (!this.#stopped) this.#read(chunk)
    else if (this.#hasRoom('keep what the client sends', chunk.length)) this.#waiting.push(chunk)
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

  /** Drops what it holds, and what still comes. */
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
      this.#read(chunk)
    }
    this.#settle()
  }

  /** Reads message by message; what is left when somebody holds goes to the front of what waits. */
  #read(chunk: Buffer): void {
    let rest: Buffer | undefined = chunk
    while (rest !== undefined && rest.length > 0 && !this.#closed) {
      if (this.#held || this.#inflating) {
        if (this.#hasRoom('keep what the client sends', rest.length)) this.#waiting.unshift(rest)
        return
      }
      rest = this.#take(rest)
    }
  }

  /** Takes at most one message off the chunk; gives what is left. */
  #take(chunk: Buffer): Buffer | undefined {
    if (this.#message !== undefined) return this.#gather(this.#message, chunk)
    if (this.#prefix.length > 0 || chunk.length < prefixBytes) return this.#takePrefix(chunk)
    const size = chunk.readUInt32BE(1)
    if (!this.#isWellFormed(chunk[0]!, size)) return undefined
    const end = prefixBytes + size
    if (end > chunk.length) return this.#begin(chunk, prefixBytes)
    if (this.#hasRoom('take a message', size)) this.#deliver(whole(chunk, end), chunk[0] === 1)
    return chunk.length === end ? undefined : chunk.subarray(end)
  }

  /** A prefix that is cut by the border of a chunk. */
  #takePrefix(chunk: Buffer): Buffer | undefined {
    const joined = Buffer.concat([this.#prefix, chunk])
    this.#prefix = joined.length < prefixBytes ? joined : noBytes
    return joined.length < prefixBytes ? undefined : joined
  }

  #begin(chunk: Buffer, at: number): undefined {
    this.#isCompressed = chunk[0] === 1
    this.#message = new Gathering(chunk.readUInt32BE(1))
    this.#gather(this.#message, chunk.subarray(at))
  }

  #gather(message: Gathering, chunk: Buffer): Buffer | undefined {
    const part = chunk.length <= message.missing ? chunk : chunk.subarray(0, message.missing)
    if (!this.#hasRoom('take a message', part.length)) return undefined
    message.add(part)
    if (message.missing === 0) {
      this.#message = undefined
      this.#deliver(message.take(), this.#isCompressed)
    }
    return chunk.length === part.length ? undefined : chunk.subarray(part.length)
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

/** The message that ends at `end` of the chunk. */
function whole(chunk: Buffer, end: number): Uint8Array {
  const view = chunk.subarray(prefixBytes, end)
  // Buffer.from copies into Buffer's pool, which is much cheaper than memory of its own
  return chunk.buffer.byteLength > 2 * end + spareBytes ? Buffer.from(view) : view
}
