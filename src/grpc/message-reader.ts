import { MillraceError } from '../errors.js'
import { prefixBytes } from './frame.js'

export interface MessageReaderOptions {
  readonly maxMessageBytes: number
  /** Resolves with the content of a compressed message; rejects with the error for the client. */
  readonly inflate: (bytes: Uint8Array) => Promise<Uint8Array>
  readonly onMessage: (bytes: Uint8Array) => void
  /** No more messages follow; not called before the last message was taken. */
  readonly onEnd: () => void
  readonly onError: (error: MillraceError) => void
}

/**
 * Reads messages from the chunks of an HTTP/2 stream.
 *
 * 1. A message within one chunk is a view of it; others are copied once, when they are complete, so that memory is only
 *    allocated for bytes that have arrived.
 * 2. While the reader is held it emits no message; chunks are queued.
 * 3. Messages keep their order, also when some of them are compressed.
 */
export class MessageReader {
  readonly #options: MessageReaderOptions
  /** Chunks not yet parsed. */
  #waiting: Buffer[] = []
  /** The beginning of an incomplete message, prefix included. */
  #parts: Buffer[] = []
  #have = 0
  /** Size of that message, prefix included; 0 while the prefix is incomplete. */
  #want = 0
  #held = false
  #inflating = false
  #ended = false
  #failed = false

  constructor(options: MessageReaderOptions) {
    this.#options = options
  }

  /** Whether an incomplete message is buffered. */
  get isWithinMessage(): boolean {
    return this.#have > 0
  }

  push(chunk: Buffer): void {
    if (this.#failed) return
    if (this.#stopped) this.#waiting.push(chunk)
    else this.#read(chunk)
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

  get #stopped(): boolean {
    return this.#held || this.#inflating || this.#waiting.length > 0
  }

  #continue(): void {
    while (this.#waiting.length > 0 && !this.#held && !this.#inflating && !this.#failed) {
      this.#read(this.#waiting.shift()!)
    }
    this.#settle()
  }

  /** Reads message by message; when the reader is held, the rest of the chunk goes back to the front of the queue. */
  #read(chunk: Buffer): void {
    let rest: Buffer | undefined = chunk
    while (rest !== undefined && rest.length > 0 && !this.#failed) {
      if (this.#held || this.#inflating) {
        this.#waiting.unshift(rest)
        return
      }
      rest = this.#take(rest)
    }
  }

  /** Takes at most one message off the chunk; returns the rest. */
  #take(chunk: Buffer): Buffer | undefined {
    if (this.#have === 0 && chunk.length >= prefixBytes) {
      const end = prefixBytes + chunk.readUInt32BE(1)
      if (end <= chunk.length && this.#fits(end)) {
        this.#deliver(chunk.subarray(prefixBytes, end), chunk[0] === 1)
        return chunk.length === end ? undefined : chunk.subarray(end)
      }
    }
    return this.#gather(chunk)
  }

  #gather(chunk: Buffer): Buffer | undefined {
    if (this.#want === 0) {
      const prefix =
        this.#have === 0 ? chunk : Buffer.concat([...this.#parts, chunk.subarray(0, prefixBytes)])
      if (prefix.length >= prefixBytes) {
        this.#want = prefixBytes + prefix.readUInt32BE(1)
        if (!this.#fits(this.#want)) return undefined
      }
    }
    const missing = this.#want === 0 ? chunk.length : this.#want - this.#have
    const part = chunk.length <= missing ? chunk : chunk.subarray(0, missing)
    this.#parts.push(part)
    this.#have += part.length
    if (this.#want > 0 && this.#have === this.#want) {
      const whole = Buffer.concat(this.#parts, this.#have)
      this.#parts = []
      this.#have = 0
      this.#want = 0
      this.#deliver(whole.subarray(prefixBytes), whole[0] === 1)
    }
    return chunk.length <= missing ? undefined : chunk.subarray(missing)
  }

  #deliver(bytes: Uint8Array, compressed: boolean): void {
    if (!compressed) {
      this.#options.onMessage(bytes)
      return
    }
    this.#inflating = true
    this.#options.inflate(bytes).then(
      (content) => {
        this.#inflating = false
        this.#options.onMessage(content)
        this.#continue()
      },
      (error: unknown) => this.#fail(MillraceError.from(error)),
    )
  }

  #settle(): void {
    if (!this.#ended || this.#failed || this.#stopped) return
    this.#ended = false
    if (this.#have > 0)
      this.#fail(new MillraceError('MALFORMED', 'The stream ended in the middle of a message.'))
    else this.#options.onEnd()
  }

  #fits(framed: number): boolean {
    const { maxMessageBytes } = this.#options
    const bytes = framed - prefixBytes
    if (bytes <= maxMessageBytes) return true
    const what = `A message of ${bytes} bytes is larger than the limit of ${maxMessageBytes} (maxMessageBytes).`
    this.#fail(new MillraceError('RESOURCE_EXHAUSTED', what, { retryable: false }))
    return false
  }

  #fail(error: MillraceError): void {
    this.#failed = true
    this.#waiting = []
    this.#parts = []
    this.#options.onError(error)
  }
}
