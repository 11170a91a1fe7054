import {
  errorCode,
  frameFlag,
  frameHeadBytes,
  frameType,
  maxFrameBytes,
  preface,
  settingId,
} from '../../src/http2/codes.js'
import { HpackDecoder } from '../../src/http2/hpack/decoder.js'
import type { PeerFrames } from './peer-frames.js'

/** Bytes that a peer may send on a stream and on all together before its credit is renewed (docs/limits.md). */
export interface SentWindows {
  /** At first. */
  readonly stream: number
  readonly connection: number
}

/** What a connection has sent on a stream. */
interface SentStream {
  /** HEADERS frames so far. */
  blocks: number
  bytes: number
  /** Credit for the peer's data. */
  credit: number
  isEnded: boolean
  isReset: boolean
}

const data = new Set<number>([frameType.data, frameType.headers, frameType.continuation])
const ownPings = ['millrace', 'draining', 'measured']

/** Checks that a connection sends only frames that RFC 9113 allows after what its peer has sent. Throws Error. */
export class SentFrames {
  /** Frames so far. */
  count = 0
  readonly #role: 'client' | 'server'
  readonly #peer: PeerFrames
  readonly #windows: SentWindows
  readonly #hpack = new HpackDecoder()
  readonly #streams = new Map<number, SentStream>()
  #bytes: Buffer = Buffer.alloc(0)
  #isGreeted: boolean
  #sentBytes = 0
  #credit = 0
  /** Of streams. */
  #window = 0
  #lastRequest = -1
  #lastGoAway = 2 ** 31 - 1
  /** The stream whose header block is not complete; 0 when there is none. */
  #within = 0
  #block: Buffer[] = []
  #isOver = false

  constructor(role: 'client' | 'server', peer: PeerFrames, windows: SentWindows) {
    this.#role = role
    this.#peer = peer
    this.#windows = windows
    this.#isGreeted = role === 'server'
  }

  take(chunk: Buffer): void {
    let bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    if (!this.#isGreeted && bytes.length >= preface.length) {
      must(bytes.subarray(0, preface.length).equals(preface), 'a client begins with the preface')
      this.#isGreeted = true
      bytes = bytes.subarray(preface.length)
    }
    let at = 0
    while (this.#isGreeted && at + frameHeadBytes <= bytes.length) {
      const length = bytes.readUIntBE(at, 3)
      must(length <= maxFrameBytes, `a frame has ${length} bytes`)
      const end = at + frameHeadBytes + length
      if (end > bytes.length) break
      const id = bytes.readUInt32BE(at + 5)
      this.#frame(bytes[at + 3]!, bytes[at + 4]!, { id, payload: bytes.subarray(at + frameHeadBytes, end) })
      at = end
    }
    this.#bytes = bytes.subarray(at)
  }

  /** The connection has closed: its last frame is whole. */
  ended(): void {
    must(this.#bytes.length === 0, 'the last frame is not whole')
    must(this.#within === 0, 'the last header block is not whole')
  }

  #frame(
    type: number,
    flags: number,
    { id, payload }: { readonly id: number; readonly payload: Buffer },
  ): void {
    must(this.count++ > 0 || (type === frameType.settings && flags === 0), 'the first frame is not SETTINGS')
    must(!this.#isOver, `a frame of type ${type} follows a GOAWAY that ends the connection`)
    must(id < 2 ** 31, 'the reserved bit is set')
    must((this.#within !== 0) === (type === frameType.continuation), 'a header block is interrupted')
    must(id > 0 || !data.has(type), `a frame of type ${type} has no stream`)
    switch (type) {
      case frameType.headers:
        return this.#headers(id, flags, payload)
      case frameType.continuation:
        return this.#fragment(id, flags, payload)
      case frameType.data:
        return this.#data(id, flags, payload.length)
      case frameType.resetStream:
        return this.#reset(id, payload)
      case frameType.windowUpdate:
        return this.#windowUpdate(id, payload)
      case frameType.settings:
        must(id === 0 && payload.length % 6 === 0, 'SETTINGS have a wrong size or a stream')
        if ((flags & frameFlag.ack) === 0) return this.#settings(payload)
        return must(payload.length === 0 && this.#peer.settings-- > 0, 'nothing is to be acknowledged')
      case frameType.ping:
        return this.#ping(id, flags, payload)
      case frameType.goAway:
        return this.#goAway(id, payload)
      default:
        must(false, `a frame has type ${type}`)
    }
  }

  #headers(id: number, flags: number, payload: Buffer): void {
    must((flags & ~(frameFlag.endStream | frameFlag.endHeaders)) === 0, 'HEADERS have other flags')
    const stream = this.#begin(id)
    must(!stream.isEnded && !stream.isReset, `HEADERS are for stream ${id}, which has ended`)
    const isEnd = (flags & frameFlag.endStream) !== 0
    must(stream.blocks === 0 || isEnd, `trailers of stream ${id} do not end it`)
    stream.blocks++
    stream.isEnded = isEnd
    this.#within = id
    this.#fragment(id, flags, payload)
  }

  #fragment(id: number, flags: number, payload: Buffer): void {
    must(id === this.#within, 'CONTINUATION is for another stream')
    this.#block.push(payload)
    if ((flags & frameFlag.endHeaders) === 0) return
    const stream = this.#streams.get(id)!
    const names: string[] = []
    const sink = { field: ({ name }: { readonly name: string }): void => void names.push(name) }
    must(this.#hpack.decode(Buffer.concat(this.#block), sink), 'a header block cannot be decoded')
    const pseudo = names.findLastIndex((name) => name.startsWith(':')) + 1
    const most = stream.blocks > 1 ? 0 : this.#role === 'server' ? 1 : 4
    must(pseudo === most, `block ${stream.blocks} of stream ${id} has fields ${names.join(' ')}`)
    must(
      names.every((name) => name === name.toLowerCase()),
      'a name of a field has capitals',
    )
    this.#block = []
    this.#within = 0
  }

  #data(id: number, flags: number, bytes: number): void {
    must((flags & ~frameFlag.endStream) === 0, 'DATA has other flags')
    const stream = this.#streams.get(id)
    must(stream !== undefined && stream.blocks === 1, `DATA of stream ${id} has no head`)
    must(!stream!.isEnded && !stream!.isReset, `DATA is for stream ${id}, which has ended`)
    stream!.bytes += bytes
    this.#sentBytes += bytes
    stream!.isEnded = (flags & frameFlag.endStream) !== 0
    if (bytes === 0) return
    must(stream!.bytes <= this.#peer.mayNowSend(id), `stream ${id} exceeds its window`)
    must(this.#sentBytes <= this.#peer.mayNowSendInAll, 'all streams exceed the window of the connection')
  }

  #reset(id: number, payload: Buffer): void {
    must(id > 0 && payload.length === 4, 'RST_STREAM has a wrong size or no stream')
    // a stream closes those below it that have not begun (RFC 9113, 5.1.1)
    const isIdle = id > (this.#role === 'server' ? this.#peer.lastNamed : this.#lastRequest)
    must(!isIdle, `stream ${id} is idle and is reset`)
    const stream = this.#streams.get(id) ?? this.#add(id)
    must(!stream.isReset, `stream ${id} is reset again`)
    stream.isReset = true
  }

  #windowUpdate(id: number, payload: Buffer): void {
    must(payload.length === 4, 'WINDOW_UPDATE has a wrong size')
    const bytes = payload.readUInt32BE(0)
    must(bytes > 0 && bytes < 2 ** 31, `a WINDOW_UPDATE adds ${bytes} bytes`)
    const received = this.#peer.dataBytes.get(id) ?? 0
    if (id === 0) {
      this.#credit += bytes
      const initial = 65_535
      must(
        initial + this.#credit - received <= this.#windows.connection,
        `the window of the connection is ${initial + this.#credit - received}`,
      )
      return
    }
    must(this.#role === 'client' || this.#peer.named.has(id), `stream ${id} is idle and gets credit`)
    const stream = this.#streams.get(id) ?? this.#add(id)
    must(!stream.isReset, `stream ${id} is reset and gets credit`)
    stream.credit += bytes
    must(stream.credit <= received, `stream ${id} gets credit for data that it has not sent`)
  }

  /** After the first ones only the windows of streams change: they grow. */
  #settings(payload: Buffer): void {
    const ids = Array.from({ length: payload.length / 6 }, (_, index) => payload.readUInt16BE(6 * index))
    const at = ids.indexOf(settingId.initialWindowSize)
    must(at >= 0 && (this.count === 1 || ids.length === 1), `there are SETTINGS ${ids.join(' ')}`)
    const bytes = payload.readUInt32BE(6 * at + 2)
    const { stream, connection } = this.#windows
    must(
      bytes >= Math.max(stream, this.#window) && bytes <= connection,
      `the windows of streams are ${bytes} bytes`,
    )
    this.#window = bytes
  }

  #ping(id: number, flags: number, payload: Buffer): void {
    must(id === 0 && payload.length === 8, 'PING has a wrong size or a stream')
    if ((flags & frameFlag.ack) === 0)
      return must(ownPings.includes(payload.toString('latin1')), 'a ping has other data')
    must(this.#peer.pings.shift()?.equals(payload) === true, 'a ping is answered that was not sent next')
  }

  #goAway(id: number, payload: Buffer): void {
    must(id === 0 && payload.length >= 8, 'GOAWAY has a wrong size or a stream')
    const last = payload.readUInt32BE(0)
    must(last <= this.#lastGoAway, 'a GOAWAY names a later stream than the one before')
    this.#lastGoAway = last
    this.#isOver = payload.readUInt32BE(4) !== errorCode.noError
  }

  /** The stream of a HEADERS frame. */
  #begin(id: number): SentStream {
    const known = this.#streams.get(id)
    if (known !== undefined) return known
    if (this.#role === 'server') must(this.#peer.named.has(id), `stream ${id} is idle and is answered`)
    else {
      must(id % 2 === 1 && id > this.#lastRequest, `a request has stream ${id}`)
      this.#lastRequest = id
    }
    return this.#add(id)
  }

  #add(id: number): SentStream {
    const stream = { blocks: 0, bytes: 0, credit: 0, isEnded: false, isReset: false }
    this.#streams.set(id, stream)
    return stream
  }
}

/** The rule, when it is broken. */
export function must(isSo: boolean, rule: string): void {
  if (!isSo) throw new Error(rule)
}
