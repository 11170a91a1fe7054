import { largestWindowBytes, settingId } from './codes.js'
import { type Fault, flowControlError, protocolError, tooMany, wrongSize } from './fault.js'
import type { Frame } from './frame-reader.js'

const entryBytes = 6
const mostEntries = 32
const smallestFrameLimit = 16_384
const largestFrameLimit = 2 ** 24 - 1

/**
 * Reads a SETTINGS frame (RFC 9113, 6.5). Only the initial window matters to a server that sends frames of the smallest
 * limit and uses no dynamic table: it is returned if it is set, otherwise null.
 */
export function readSettings({ id, bytes, from, to }: Frame): number | null | Fault {
  if (id !== 0) return protocolError('a SETTINGS frame names a stream')
  if ((to - from) % entryBytes !== 0) return wrongSize('SETTINGS')
  if ((to - from) / entryBytes > mostEntries) return tooMany('settings in one frame')
  let initialWindow: number | null = null
  for (let at = from; at < to; at += entryBytes) {
    const value = bytes.readUInt32BE(at + 2)
    switch (bytes.readUInt16BE(at)) {
      case settingId.enablePush:
        if (value > 1) return protocolError('SETTINGS_ENABLE_PUSH is neither 0 nor 1')
        break
      case settingId.initialWindowSize:
        if (value > largestWindowBytes) return flowControlError('SETTINGS_INITIAL_WINDOW_SIZE is too large')
        initialWindow = value
        break
      case settingId.maxFrameSize:
        if (value < smallestFrameLimit || value > largestFrameLimit)
          return protocolError('SETTINGS_MAX_FRAME_SIZE is out of range')
    }
  }
  return initialWindow
}
