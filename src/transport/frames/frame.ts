import { packContext, packedLength } from '../../observe/tracing/packed-context.js'
import type { TraceContext } from '../../observe/tracing/trace-context.js'

/**
 * The frame format of a link: a head of 16 bytes, then headers (if there are any; see `headers.ts`), then the payload.
 *
 * | bytes | what |
 * |---|---|
 * | 0–3 | bytes after the head |
 * | 4–7 | id of the call, chosen by the dialling side |
 * | 8–11 | a number: milliseconds left (request, stream), items granted (credit), reason (cancel), concurrency limit or 0 if unknown (response, error, limit) |
 * | 12 | kind |
 * | 13–15 | bytes of the headers |
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
  /** With what was measured of batches, as JSON, if there are any. */
  pong: 13,
  limit: 14,
  /** The next request, with the same id, is observed. */
  observe: 15,
  /** Events of an observed request, as JSON; sent before its answer. */
  report: 16,
  /** Asks for the metrics of the peer. */
  measure: 17,
  /** The metrics of the peer, as JSON. */
  measured: 18,
  /** The caller is about to leave: no request waits for a batch to fill any more. */
  flush: 19,
} as const

export type FrameKind = (typeof frameKind)[keyof typeof frameKind]

export const headBytes = 16

/** Spare bytes in memory before each large frame, so that a longer envelope can be written in front of its payload. */
export const headroomBytes = 1024

/** The number of a request that has no deadline. */
export const noDeadline = 0xffff_ffff

/** The number of a cancel frame. */
export const cancelReason = { left: 0, expired: 1 } as const

/** Items of a stream that may be sent before the caller has taken them. */
export const streamWindow = 32

/** Default limit of both sides; larger frames are refused. */
export const defaultMaxFrameBytes: number = 1024 * 1024 * 1024

/** A frame to send. Large parts are not copied: do not write to any part after `send`. */
export interface Frame {
  readonly kind: FrameKind
  readonly id: number
  readonly number: number
  readonly headers: Uint8Array | null
  /** In place of headers: a lone `traceparent`, as traced requests have it. It is written where the frame is, without an array of its own. */
  readonly context: TraceContext | undefined
  readonly parts: readonly Uint8Array[]
  /** Bytes after the head. */
  readonly size: number
}

/** A received frame. The receiver owns `payload`. */
export interface ReceivedFrame {
  readonly kind: number
  readonly id: number
  readonly number: number
  readonly headers: Uint8Array | null
  /** In place of headers. */
  readonly context: TraceContext | undefined
  readonly payload: Uint8Array
}

const nothing: readonly Uint8Array[] = []

export function frame(
  kind: FrameKind,
  id: number,
  content: Partial<Pick<Frame, 'number' | 'headers' | 'context' | 'parts'>> = {},
): Frame {
  const { number = 0, headers = null, context, parts = nothing } = content
  let size = headersLength(headers, context)
  for (let index = 0; index < parts.length; index++) size += parts[index]!.length
  return { kind, id, number, headers, context, parts, size }
}

/** Writes head and headers at `at`; returns the position after them. */
export function writeHead(
  target: Uint8Array,
  at: number,
  { kind, id, number, headers, context, size }: Frame,
): number {
  const length = headersLength(headers, context)
  writeUint32(target, at, size)
  writeUint32(target, at + 4, id)
  writeUint32(target, at + 8, number)
  writeUint32(target, at + 12, kind | (length << 8))
  if (headers !== null) target.set(headers, at + headBytes)
  else if (context !== undefined) packContext(context, target, at + headBytes)
  return at + headBytes + length
}

/** Bytes of the headers of a frame. */
export function headersLength(headers: Uint8Array | null, context: TraceContext | undefined): number {
  if (headers !== null) return headers.length
  return context === undefined ? 0 : packedLength
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
