/** gRPC's length-prefixed messages (grpc.io, "gRPC over HTTP2"): one byte "compressed", four bytes length, the message. */
const prefixBytes = 5

/** Above this, prefix and message go out as two pieces instead of being copied together. */
const copyBelowBytes = 4096

/** A message ready to be written, in one or two pieces. */
export function frame(message: Uint8Array): readonly Buffer[] {
  const joined = message.length < copyBelowBytes
  const head = Buffer.allocUnsafe(joined ? prefixBytes + message.length : prefixBytes)
  head[0] = 0
  head.writeUInt32BE(message.length, 1)
  if (!joined) return [head, asBuffer(message)]
  head.set(message, prefixBytes)
  return [head]
}

export interface DeframerOptions {
  readonly maxMessageBytes: number
  onMessage(message: Buffer): void
  /** The stream cannot be read any further. */
  onBroken(reason: 'too large' | 'compressed', bytes: number): void
}

/** Cuts a stream of chunks into messages. A message within one chunk is a view of it; others are put together once. */
export class Deframer {
  readonly #options: DeframerOptions
  readonly #prefix = Buffer.alloc(prefixBytes)
  #prefixAt = 0
  #message: Buffer | undefined
  #messageAt = 0
  #broken = false

  constructor(options: DeframerOptions) {
    this.#options = options
  }

  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length && !this.#broken) {
      at = this.#message === undefined ? this.#readPrefix(chunk, at) : this.#fill(this.#message, chunk, at)
    }
  }

  /** True between two messages. */
  get whole(): boolean {
    return this.#message === undefined && this.#prefixAt === 0
  }

  #readPrefix(chunk: Buffer, start: number): number {
    const at = start + chunk.copy(this.#prefix, this.#prefixAt, start, start + prefixBytes - this.#prefixAt)
    this.#prefixAt += at - start
    if (this.#prefixAt < prefixBytes) return at
    this.#prefixAt = 0
    const length = this.#prefix.readUInt32BE(1)
    const { maxMessageBytes, onMessage } = this.#options
    if (this.#prefix[0] !== 0) this.#break('compressed', length)
    else if (length > maxMessageBytes) this.#break('too large', length)
    else if (length <= chunk.length - at) {
      onMessage(chunk.subarray(at, at + length))
      return at + length
    } else {
      this.#message = Buffer.allocUnsafeSlow(length)
      this.#messageAt = 0
    }
    return at
  }

  #fill(message: Buffer, chunk: Buffer, start: number): number {
    const copied = chunk.copy(message, this.#messageAt, start)
    this.#messageAt += copied
    if (this.#messageAt === message.length) {
      this.#message = undefined
      this.#options.onMessage(message)
    }
    return start + copied
  }

  #break(reason: 'too large' | 'compressed', bytes: number): void {
    this.#broken = true
    this.#options.onBroken(reason, bytes)
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
