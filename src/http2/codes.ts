/** Types of frames (RFC 9113, 6). */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

/** Flags of frames; `endStream` and `ack` share a bit. */
export const frameFlag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const

/** Error codes of RST_STREAM and GOAWAY (RFC 9113, 7). */
export const errorCode = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
} as const

export type ErrorCode = (typeof errorCode)[keyof typeof errorCode]

/** Identifiers of settings (RFC 9113, 6.5.2). */
export const settingId = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const

export const frameHeadBytes = 9

/** The largest payload that a peer may send before it is allowed more, which it is not here. */
export const maxFrameBytes = 16_384

/** Size of flow-control windows before any SETTINGS. */
export const defaultWindowBytes = 65_535

export const largestWindowBytes: number = 2 ** 31 - 1

/** What a client sends first (RFC 9113, 3.4). */
export const preface: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
