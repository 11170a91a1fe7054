import {
  defaultWindowBytes,
  frameFlag,
  frameHeadBytes,
  frameType,
  preface,
  settingId,
} from '../../src/http2/codes.js'

/**
 * What a peer's bytes allow the connection to send. Knows nothing of the rules that the peer breaks: what it says is the most
 * that a connection may do which still reads these bytes.
 */
export class PeerFrames {
  /** Streams that a HEADERS frame of the peer has named. */
  readonly named = new Set<number>()
  lastNamed = 0
  /** Whether the peer has said that it closes the connection. */
  hasLeft = false
  /** Payloads of PING frames that were not answered yet, in order. */
  readonly pings: Buffer[] = []
  /** SETTINGS frames that were not acknowledged yet. */
  settings = 0
  /** Bytes of DATA frames, of each stream and of all (stream 0). */
  readonly dataBytes = new Map<number, number>()
  readonly #widened = new Map<number, number>()
  #initialWindow = defaultWindowBytes
  /** The largest initial window since the last `settled`. */
  #largestWindow = defaultWindowBytes
  #bytes: Buffer = Buffer.alloc(0)
  #isGreeted: boolean

  constructor(expectsPreface: boolean) {
    this.#isGreeted = !expectsPreface
  }

  /** Whether the last frame that has begun is complete. */
  get isWhole(): boolean {
    return this.#bytes.length === 0
  }

  /** How much a stream may send, altogether. */
  mayNowSend(id: number): number {
    return this.#largestWindow + (this.#widened.get(id) ?? 0)
  }

  /** How much all streams may send, altogether. */
  get mayNowSendInAll(): number {
    return defaultWindowBytes + (this.#widened.get(0) ?? 0)
  }

  /** Everything that the peer's bytes allow has been sent. */
  settled(): void {
    this.#largestWindow = this.#initialWindow
  }

  take(chunk: Buffer): void {
    let bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    if (!this.#isGreeted && bytes.length >= preface.length) {
      this.#isGreeted = true
      bytes = bytes.subarray(preface.length)
    }
    let at = 0
    while (this.#isGreeted && at + frameHeadBytes <= bytes.length) {
      const end = at + frameHeadBytes + bytes.readUIntBE(at, 3)
      if (end > bytes.length) break
      const id = bytes.readUInt32BE(at + 5) & 0x7fff_ffff
      this.#frame(bytes[at + 3]!, bytes[at + 4]!, { id, payload: bytes.subarray(at + frameHeadBytes, end) })
      at = end
    }
    this.#bytes = bytes.subarray(at)
  }

  #frame(
    type: number,
    flags: number,
    { id, payload }: { readonly id: number; readonly payload: Buffer },
  ): void {
    switch (type) {
      case frameType.headers:
        this.named.add(id)
        this.lastNamed = Math.max(this.lastNamed, id)
        return
      case frameType.data:
        for (const each of [0, id]) add(this.dataBytes, each, payload.length)
        return
      case frameType.ping:
        if ((flags & frameFlag.ack) === 0) this.pings.push(Buffer.from(payload))
        return
      case frameType.goAway:
        this.hasLeft = true
        return
      case frameType.windowUpdate:
        if (payload.length === 4) add(this.#widened, id, payload.readUInt32BE(0) & 0x7fff_ffff)
        return
      case frameType.settings:
        if ((flags & frameFlag.ack) === 0) this.#settings(payload)
    }
  }

  #settings(payload: Buffer): void {
    this.settings++
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== settingId.initialWindowSize) continue
      this.#initialWindow = payload.readUInt32BE(at + 2)
    }
    this.#largestWindow = Math.max(this.#largestWindow, this.#initialWindow)
  }
}

function add(sums: Map<number, number>, key: number, bytes: number): void {
  sums.set(key, (sums.get(key) ?? 0) + bytes)
}
