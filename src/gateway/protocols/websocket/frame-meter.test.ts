import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FrameMeter } from './frame-meter.js'

interface Frame {
  readonly isFinal: boolean
  readonly isControl: boolean
  readonly payload: number
}

function encoded({ isFinal, isControl, payload }: Frame): Buffer {
  const extended = payload < 126 ? 0 : payload < 65_536 ? 2 : 8
  const header = Buffer.alloc(2 + extended + 4)
  header[0] = (isFinal ? 0x80 : 0) | (isControl ? 9 : 2)
  header[1] = 0x80 | (extended === 0 ? payload : extended === 2 ? 126 : 127)
  if (extended === 2) header.writeUInt16BE(payload, 2)
  if (extended === 8) header.writeBigUInt64BE(BigInt(payload), 2)
  return Buffer.concat([header, Buffer.alloc(payload, 0x81)])
}

const frame = fc
  .record({
    isFinal: fc.boolean(),
    isControl: fc.boolean(),
    payload: fc.oneof(fc.nat(200), fc.constantFrom(0, 125, 126, 65_535, 65_536)),
  })
  .map((one) => (one.isControl ? { ...one, isFinal: true, payload: one.payload % 126 } : one))

it('counts the bytes since the last complete message, without control frames, however they are cut', () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 70_000 })),
      (frames, cuts) => {
        const bytes = Buffer.concat(frames.map(encoded))
        const meter = new FrameMeter()
        let at = 0
        for (const cut of cuts) {
          meter.push(bytes.subarray(at, at + cut))
          at = Math.min(bytes.length, at + cut)
          expect(meter.pending).toBe(pendingAfter(frames, at))
        }
        meter.push(bytes.subarray(at))
        expect(meter.pending).toBe(pendingAfter(frames, bytes.length))
      },
    ),
  )
})

/** Bytes of incomplete messages when so many bytes have arrived. */
function pendingAfter(frames: readonly Frame[], arrived: number): number {
  let pending = 0
  let left = arrived
  for (const one of frames) {
    const { length } = encoded(one)
    if (left < length) return pending + left
    left -= length
    if (!one.isControl) pending = one.isFinal ? 0 : pending + length
  }
  return pending
}
