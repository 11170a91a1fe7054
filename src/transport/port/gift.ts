import { packContext, packedLength } from '../../observe/tracing/packed-context.js'
import { type Frame, headroomBytes } from '../frames/frame.js'

/** Smaller frames are copied: a transfer costs more. */
const giftBytes = 32 * 1024

/** A frame whose payload moves to the other thread instead of being copied. */
export interface Gift {
  readonly kind: number
  readonly id: number
  readonly number: number
  /** Headers, or a packed context. */
  readonly headers: Uint8Array | null
  readonly memory: ArrayBuffer
  readonly at: number
  readonly size: number
}

/**
 * The frame in transferable form; null when its payload cannot be transferred: it is small, in several large pieces, or shares
 * its memory (a slice of a pool, one of several frames in a chunk).
 *
 * A changed envelope (the gateway adds routes) is written over the received one, into the headroom that `Inbox` leaves before
 * each large frame: no other message uses that memory.
 */
export function giftOf(frame: Frame): Gift | null {
  const { kind, id, number, parts } = frame
  const payload = parts.at(-1)
  if (payload === undefined || parts.length > 2 || payload.length < giftBytes) return null
  const { buffer } = payload
  const envelope = parts.length === 2 ? parts[0]! : null
  const at = payload.byteOffset - (envelope?.length ?? 0)
  if (!(buffer instanceof ArrayBuffer) || at < 0 || !isItsOwn(buffer, payload)) return null
  if (envelope !== null) new Uint8Array(buffer, at).set(envelope)
  const size = payload.length + (envelope?.length ?? 0)
  return { kind, id, number, headers: headersOf(frame), memory: buffer, at, size }
}

function headersOf({ headers, context }: Frame): Uint8Array | null {
  if (context === undefined) return headers
  const packed = new Uint8Array(packedLength)
  packContext(context, packed, 0)
  return packed
}

/** Whether the buffer has no space for another payload, only headroom and what a writer allocated too much. */
function isItsOwn(buffer: ArrayBuffer, payload: Uint8Array): boolean {
  return (
    payload.byteOffset <= headroomBytes * 2 && buffer.byteLength <= payload.length * 2 + headroomBytes * 2
  )
}
