import { frameFlag } from './codes.js'
import { type Fault, protocolError } from './fault.js'
import type { Frame } from './frame-reader.js'
import { HeaderBlock } from './header-block.js'

/** Takes complete header blocks, in order. */
export interface BlockSink {
  /** `block` is valid only during the call. */
  block(id: number, block: Buffer, isEnd: boolean): Fault | undefined
}

/** Takes header blocks out of their HEADERS and CONTINUATION frames (RFC 9113, 6.2 and 6.10). */
export class HeaderBlocks {
  readonly #sink: BlockSink
  readonly #block = new HeaderBlock()

  constructor(sink: BlockSink) {
    this.#sink = sink
  }

  /** Whether a block has begun and is not complete. */
  get isWithinBlock(): boolean {
    return this.#block.id !== 0
  }

  /** The number of the first frame of that block. */
  get blockNumber(): number {
    return this.#block.number
  }

  /** Takes a HEADERS frame, the `number`th frame of the connection. */
  headers(frame: Frame, number: number): Fault | undefined {
    const { id, flags, bytes } = frame
    let { from, to } = frame
    if (id % 2 === 0) return protocolError(`stream ${id} is not a client’s`)
    if ((flags & frameFlag.padded) !== 0) {
      to -= bytes[from] ?? 0
      from++
    }
    const depends = (flags & frameFlag.priority) !== 0
    if (depends) from += 5
    if (from > to) return protocolError('a HEADERS frame is too short for its flags')
    const dependsOnItself = depends && (bytes.readUInt32BE(from - 5) & 0x7fff_ffff) === id
    if (dependsOnItself) return protocolError(`stream ${id} depends on itself`)
    const block = bytes.subarray(from, to)
    if ((flags & frameFlag.endHeaders) !== 0) return this.#take(id, flags, block)
    this.#block.begin(frame, block, number)
    return undefined
  }

  continuation(frame: Frame): Fault | undefined {
    const block = this.#block.continue(frame)
    if (block === undefined) return undefined
    return block instanceof Uint8Array ? this.#take(frame.id, this.#block.flags, block) : block
  }

  #take(id: number, flags: number, block: Buffer): Fault | undefined {
    return this.#sink.block(id, block, (flags & frameFlag.endStream) !== 0)
  }
}
