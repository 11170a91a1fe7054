import { frameFlag } from './codes.js'
import { type Fault, protocolError, tooMany } from './fault.js'
import type { Frame } from './frame-reader.js'

/** The compressed bytes of one header block, with all its CONTINUATION frames. */
export const mostBlockBytes: number = 64 * 1024

const mostContinuations = 8

/** Assembles the fragments of header blocks (RFC 9113, 4.3). Between the first and the last one no other frame may come. */
export class HeaderBlock {
  /** The stream whose block is not complete; 0 when there is none. */
  id = 0
  /** Flags of its HEADERS frame. */
  flags = 0
  /** The number of its first frame. */
  number = -1
  #fragments: Buffer[] = []
  #bytes = 0

  /** Takes the first fragment of an incomplete block. */
  begin({ id, flags }: Frame, fragment: Buffer, number: number): void {
    this.number = number
    this.id = id
    this.flags = flags
    this.#fragments = [Buffer.from(fragment)]
    this.#bytes = fragment.length
  }

  /** Takes a CONTINUATION frame; returns the block when it is complete, or what is wrong. */
  continue({ id, flags, bytes, from, to }: Frame): Buffer | Fault | undefined {
    if (id !== this.id || id === 0) return protocolError('a CONTINUATION frame continues nothing')
    this.#bytes += to - from
    if (this.#fragments.length > mostContinuations || this.#bytes > mostBlockBytes)
      return tooMany('bytes or frames of a header block')
    this.#fragments.push(Buffer.from(bytes.subarray(from, to)))
    if ((flags & frameFlag.endHeaders) === 0) return undefined
    const block = Buffer.concat(this.#fragments)
    this.#fragments = []
    this.id = 0
    return block
  }
}
