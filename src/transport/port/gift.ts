import { type Frame, headroomBytes } from '../frames/frame.js'

/** Frames smaller than this are copied: a transfer costs more. */
const giftBytes = 32 * 1024

/** A frame whose payload moves to the other thread instead of being copied. */
export interface Gift {
  readonly kind: number
  readonly id: number
  readonly number: number
  readonly headers: Uint8Array | null
  readonly memory: ArrayBuffer
  readonly at: number
  readonly size: number
}

/**
 * The frame as a gift, or null when its payload cannot be given: it is small, in several large pieces, or shares its memory
 * with something else (a slice of a pool, one frame of many in a chunk).
 *
 * An envelope that was changed in front of a payload (its routes, at a gateway) is written into the room that `Inbox` leaves
 * before each large frame, over the envelope that came: the memory belongs to this message alone.
 */
export function giftOf(frame: Frame): Gift | null {
  const { kind, id, number, headers, parts } = frame
  const payload = parts.at(-1)
  if (payload === undefined || parts.length > 2 || payload.length < giftBytes) return null
  const { buffer } = payload
  const envelope = parts.length === 2 ? parts[0]! : null
  const at = payload.byteOffset - (envelope?.length ?? 0)
  if (!(buffer instanceof ArrayBuffer) || at < 0 || !isItsOwn(buffer, payload)) return null
  if (envelope !== null) new Uint8Array(buffer, at).set(envelope)
  const size = payload.length + (envelope?.length ?? 0)
  return { kind, id, number, headers, memory: buffer, at, size }
}

/** Nothing else fits beside it but the room before it and what a writer guessed too much. */
function isItsOwn(buffer: ArrayBuffer, payload: Uint8Array): boolean {
  return (
    payload.byteOffset <= headroomBytes * 2 && buffer.byteLength <= payload.length * 2 + headroomBytes * 2
  )
}
