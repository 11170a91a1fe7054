import { errorCode, frameFlag, largestWindowBytes } from './codes.js'
import { type Fault, flowControlError, idleStream, protocolError, tooMany, wrongSize } from './fault.js'
import type { FloodGuard } from './flood-guard.js'
import type { Frame } from './frame-reader.js'
import { type PeerSettings, readSettings } from './peer-settings.js'
import { drainPing } from './shutdown.js'
import type { Stream } from './stream.js'
import type { Streams } from './streams.js'

/** The data of this side's own pings. */
export const ownPing: Buffer = Buffer.from('millrace')

/** The data of pings that measure the round trip. */
export const measuringPing: Buffer = Buffer.from('measured')

const windowTooLarge: Fault = flowControlError('a window is larger than 2³¹ - 1')

export interface ControlListener {
  /** The answer to a ping with `ownPing`. */
  pong(): void
  /** The answer to a ping with `measuringPing`. */
  measured(): void
  /** The peer has read that this side closes the connection. */
  drain(): void
  /** The peer closes the connection. Of this side's streams it serves those up to `lastId`. */
  goAway(lastId: number, code: number, why: string): void
  /** The settings of the peer, as far as they are no windows; returns what is wrong with them. */
  settings(settings: PeerSettings): Fault | undefined
  /** The peer has reset a stream, which is still open; returns why that ends the connection. */
  willReset(stream: Stream): Fault | undefined
}

/** Bytes of the text in a GOAWAY frame that are read. */
const mostReasonBytes = 256

/** Obeys the frames that carry no part of a message. */
export class ControlFrames {
  readonly #listener: ControlListener
  readonly #streams: Streams
  readonly #guard: FloodGuard
  /** Whether the peer's first SETTINGS have arrived. */
  hasSettings = false

  constructor(listener: ControlListener, streams: Streams, guard: FloodGuard) {
    this.#listener = listener
    this.#streams = streams
    this.#guard = guard
  }

  windowUpdate({ id, bytes, from, to }: Frame): Fault | undefined {
    if (to - from !== 4) return wrongSize('WINDOW_UPDATE')
    if (!this.#guard.windowUpdates.spend()) return tooMany('updates of windows')
    const streams = this.#streams
    const increment = bytes.readUInt32BE(from) & 0x7fff_ffff
    if (id === 0) {
      if (increment === 0) return protocolError('a WINDOW_UPDATE adds nothing')
      return streams.output.widen(increment) ? undefined : windowTooLarge
    }
    const stream = streams.get(id)
    if (stream === undefined) return id > streams.lastId ? idleStream('WINDOW_UPDATE', id) : undefined
    if (increment === 0) return streams.wrong(stream, errorCode.protocolError)
    if (stream.sendWindow + increment > largestWindowBytes)
      return streams.wrong(stream, errorCode.flowControlError)
    stream.sendWindow += increment
    if (stream.sendWindow > 0) streams.output.open(stream)
    return undefined
  }

  resetStream({ id, bytes, from, to }: Frame): Fault | undefined {
    if (to - from !== 4) return wrongSize('RST_STREAM')
    const streams = this.#streams
    const stream = streams.get(id)
    if (stream === undefined)
      return id === 0 || id > streams.lastId ? idleStream('RST_STREAM', id) : undefined
    const fault = this.#listener.willReset(stream)
    streams.remove(stream, bytes.readUInt32BE(from), 'peer')
    return fault
  }

  ping({ id, flags, bytes, from, to }: Frame): Fault | undefined {
    if (to - from !== 8) return wrongSize('PING')
    if (id !== 0) return protocolError('a PING frame names a stream')
    if (!this.#guard.pings.spend()) return tooMany('pings')
    if ((flags & frameFlag.ack) === 0) {
      const { output } = this.#streams
      output.outbox.ping(frameFlag.ack, bytes, from)
      output.schedule()
    } else if (ownPing.compare(bytes, from, to) === 0) this.#listener.pong()
    else if (measuringPing.compare(bytes, from, to) === 0) this.#listener.measured()
    else if (drainPing.compare(bytes, from, to) === 0) this.#listener.drain()
    return undefined
  }

  settings(frame: Frame): Fault | undefined {
    if (!this.#guard.settings.spend()) return tooMany('settings')
    if ((frame.flags & frameFlag.ack) !== 0) return frame.to > frame.from ? wrongSize('SETTINGS') : undefined
    const settings: PeerSettings = {}
    const fault = readSettings(frame, settings) ?? this.#listener.settings(settings)
    if (fault !== undefined) return fault
    this.hasSettings = true
    const { initialWindow } = settings
    if (initialWindow !== undefined && !this.#resizeWindows(initialWindow)) return windowTooLarge
    const { output } = this.#streams
    output.outbox.settingsAck()
    output.schedule()
    return undefined
  }

  goAway({ id, bytes, from, to }: Frame): Fault | undefined {
    if (id !== 0) return protocolError('a GOAWAY frame names a stream')
    if (to - from < 8) return wrongSize('GOAWAY')
    const why = bytes.toString('utf8', from + 8, Math.min(to, from + 8 + mostReasonBytes))
    this.#listener.goAway(bytes.readUInt32BE(from) & 0x7fff_ffff, bytes.readUInt32BE(from + 4), why)
    return undefined
  }

  /** Priorities are checked and ignored (RFC 9113, 5.3.2). */
  priority({ id, bytes, from, to }: Frame): Fault | undefined {
    if (id === 0) return protocolError('a PRIORITY frame names no stream')
    if (to - from !== 5) return wrongSize('PRIORITY')
    if ((bytes.readUInt32BE(from) & 0x7fff_ffff) === id)
      return protocolError(`stream ${id} depends on itself`)
    return this.#guard.idleFrames.spend() ? undefined : tooMany('priorities')
  }

  /** Frames of unknown types are ignored (RFC 9113, 5.5). */
  unknown(): Fault | undefined {
    return this.#guard.idleFrames.spend() ? undefined : tooMany('frames of unknown types')
  }

  /** Changes the windows of open streams, before the change is acknowledged; false when one becomes too large. */
  #resizeWindows(initialWindow: number): boolean {
    const { output } = this.#streams
    const change = initialWindow - output.initialWindow
    output.initialWindow = initialWindow
    if (change === 0) return true
    for (const stream of this.#streams.values()) {
      stream.sendWindow += change
      if (stream.sendWindow > largestWindowBytes) return false
      if (stream.sendWindow > 0) output.open(stream)
    }
    return true
  }
}
