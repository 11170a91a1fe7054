import { largestWindowBytes, settingId } from './codes.js'
import { type Fault, flowControlError, protocolError, tooMany, wrongSize } from './fault.js'
import type { Frame } from './frame-reader.js'

const entryBytes = 6
const mostEntries = 32
const smallestFrameLimit = 16_384
const largestFrameLimit = 2 ** 24 - 1

/** The settings that matter to a side that sends frames of the smallest limit and uses no dynamic table; only those that are set. */
export interface PeerSettings {
  initialWindow?: number
  maxStreams?: number
  isPushEnabled?: boolean
}

/** Reads a SETTINGS frame (RFC 9113, 6.5) into `settings`; returns what is wrong. */
export function readSettings({ id, bytes, from, to }: Frame, settings: PeerSettings): Fault | undefined {
  if (id !== 0) return protocolError('a SETTINGS frame names a stream')
  if ((to - from) % entryBytes !== 0) return wrongSize('SETTINGS')
  if ((to - from) / entryBytes > mostEntries) return tooMany('settings in one frame')
  for (let at = from; at < to; at += entryBytes) {
    const value = bytes.readUInt32BE(at + 2)
    switch (bytes.readUInt16BE(at)) {
      case settingId.enablePush:
        if (value > 1) return protocolError('SETTINGS_ENABLE_PUSH is neither 0 nor 1')
        settings.isPushEnabled = value === 1
        break
      case settingId.maxConcurrentStreams:
        settings.maxStreams = value
        break
      case settingId.initialWindowSize:
        if (value > largestWindowBytes) return flowControlError('SETTINGS_INITIAL_WINDOW_SIZE is too large')
        settings.initialWindow = value
        break
      case settingId.maxFrameSize:
        if (value < smallestFrameLimit || value > largestFrameLimit)
          return protocolError('SETTINGS_MAX_FRAME_SIZE is out of range')
    }
  }
  return undefined
}
