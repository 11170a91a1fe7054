const [finalBit, controlBit, maskBit, lengthBits] = [0x80, 0x08, 0x80, 0x7f]

/** Values of the length that stand for a length in 2 or 8 further bytes. */
const [inTwoBytes, inEightBytes] = [126, 127]

/**
 * Follows the frames that a client sends (RFC 6455, 5.2), to tell how many of the received bytes belong to messages that are not
 * complete yet. It checks nothing: the parser of `ws` does.
 */
export class FrameMeter {
  readonly #header = new Uint8Array(14)
  #headerBytes = 0
  /** Payload of the current frame that has not arrived. */
  #left = 0
  /** Bytes of the current frame that have arrived. */
  #frameBytes = 0
  #pending = 0

  /** Received bytes of incomplete messages. */
  get pending(): number {
    return this.#pending
  }

  push(chunk: Uint8Array): void {
    this.#pending += chunk.length
    let at = 0
    while (at < chunk.length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at)
        at += taken
        this.#left -= taken
        this.#frameBytes += taken
        if (this.#left === 0) this.#endFrame(chunk.length - at)
      } else {
        this.#header[this.#headerBytes++] = chunk[at++]!
        this.#frameBytes++
        if (!this.#isHeaderComplete()) continue
        this.#left = this.#payloadLength()
        if (this.#left === 0) this.#endFrame(chunk.length - at)
      }
    }
  }

  #isHeaderComplete(): boolean {
    if (this.#headerBytes < 2) return false
    const second = this.#header[1]!
    const length = second & lengthBits
    const extended = length === inTwoBytes ? 2 : length === inEightBytes ? 8 : 0
    return this.#headerBytes === 2 + extended + ((second & maskBit) === 0 ? 0 : 4)
  }

  #payloadLength(): number {
    const length = this.#header[1]! & lengthBits
    if (length < inTwoBytes) return length
    const view = new DataView(this.#header.buffer)
    return length === inTwoBytes ? view.getUint16(2) : Number(view.getBigUint64(2))
  }

  /** `after`: bytes of the chunk that follow the frame. */
  #endFrame(after: number): void {
    const first = this.#header[0]!
    // control frames may come between the frames of a message (RFC 6455, 5.4)
    if ((first & controlBit) !== 0) this.#pending -= this.#frameBytes
    else if ((first & finalBit) !== 0) this.#pending = after
    this.#headerBytes = 0
    this.#frameBytes = 0
  }
}
