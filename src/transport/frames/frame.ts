/**
 * What crosses a link. One frame is a head of 16 bytes, then headers as JSON (only when there are any), then the payload:
 *
 * | bytes | what |
 * |---|---|
 * | 0–3 | bytes that follow the head |
 * | 4–7 | id of the call, chosen by the dialled side |
 * | 8–11 | a number: milliseconds left (request, stream), items granted (credit), why (cancel), calls that should be here at once, 0 where nobody can tell (response, error, room) |
 * | 12 | kind |
 * | 13–15 | how many of the bytes that follow are headers |
 *
 * Numbers are little-endian. Both ends are always of the same version, so there is no handshake.
 */
export const frameKind = {
  request: 1,
  response: 2,
  error: 3,
  cancel: 4,
  stream: 5,
  item: 6,
  credit: 8,
  describe: 9,
  description: 10,
  goaway: 11,
  ping: 12,
  pong: 13,
  room: 14,
  /** The request that follows, of the same id, is observed. */
  observe: 15,
  /** What happened to an observed request, as JSON, before its answer. */
  report: 16,
} as const

export type FrameKind = (typeof frameKind)[keyof typeof frameKind]

export const headBytes = 16

/** Room that is left in memory before each large frame, so that a longer envelope can be written in front of its payload. */
export const headroomBytes = 1024

/** The number of a request that has no deadline. */
export const noDeadline = 0xffff_ffff

/** The number of a cancel frame. */
export const cancelReason = { left: 0, expired: 1 } as const

/** Items of a stream that may be under way before the caller has taken them. */
export const streamWindow = 32

/** Larger frames are refused by both ends unless an end says otherwise. */
export const defaultMaxFrameBytes: number = 1024 * 1024 * 1024

/** A frame to send. The parts are sent as they are by the end of the tick, without a copy where that pays: do not write to them. */
export interface Frame {
  readonly kind: FrameKind
  readonly id: number
  readonly number: number
  readonly headers: Uint8Array | null
  readonly parts: readonly Uint8Array[]
  /** Bytes that follow the head. */
  readonly size: number
}

/** A frame that came; `payload` is the receiver's to keep. */
export interface ReceivedFrame {
  readonly kind: number
  readonly id: number
  readonly number: number
  readonly headers: Uint8Array | null
  readonly payload: Uint8Array
}

const nothing: readonly Uint8Array[] = []

export function frame(
  kind: FrameKind,
  id: number,
  content: Partial<Pick<Frame, 'number' | 'headers' | 'parts'>> = {},
): Frame {
  const { number = 0, headers = null, parts = nothing } = content
  let size = headers === null ? 0 : headers.length
  for (let index = 0; index < parts.length; index++) size += parts[index]!.length
  return { kind, id, number, headers, parts, size }
}

/** Writes the head at `at`; gives where what follows begins. */
export function writeHead(
  target: Uint8Array,
  at: number,
  { kind, id, number, headers, size }: Frame,
): number {
  writeUint32(target, at, size)
  writeUint32(target, at + 4, id)
  writeUint32(target, at + 8, number)
  writeUint32(target, at + 12, kind | ((headers === null ? 0 : headers.length) << 8))
  return at + headBytes
}

export interface Head {
  readonly kind: number
  readonly id: number
  readonly number: number
  readonly headerBytes: number
  readonly size: number
}

export function readHead(source: Uint8Array, at: number): Head {
  return {
    size: readUint32(source, at),
    id: readUint32(source, at + 4),
    number: readUint32(source, at + 8),
    kind: source[at + 12]!,
    headerBytes: readUint32(source, at + 12) >>> 8,
  }
}

function writeUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value
  target[at + 1] = value >>> 8
  target[at + 2] = value >>> 16
  target[at + 3] = value >>> 24
}

function readUint32(source: Uint8Array, at: number): number {
  return (source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24)) >>> 0
}
