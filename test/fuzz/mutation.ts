import { errorCode, frameFlag, frameHeadBytes, frameType, maxFrameBytes } from '../../src/http2/codes.js'
import { below, idleFrame, type Random } from '../../src/http2/generated-blocks.suite.js'
import { frame, uint32 } from '../../src/http2/in-memory-socket.suite.js'

/** Frames of a session, and how many of them were mutated, inserted, moved or left out. */
export interface Mutated {
  readonly bytes: Buffer
  /** Positions behind each mutation, ascending. */
  readonly mutations: readonly number[]
}

/** How much of a session is changed. */
export interface Wildness {
  /** The share of frames that are changed. */
  readonly changed: number
  /** The share of changes that keep to the rules, so that the session goes on. */
  readonly lawful: number
}

interface Parts {
  readonly type: number
  readonly flags: number
  readonly id: number
  readonly payload: Buffer
}

type Change = (parts: Parts, random: Random) => readonly Buffer[]

/** Changes frames of a session by chance. `others`: frames of other sessions, to be inserted. */
export function mutated(
  frames: readonly Buffer[],
  others: readonly Buffer[],
  { random, changed, lawful }: Wildness & { readonly random: Random },
): Mutated {
  const out: Buffer[] = []
  const mutations: number[] = []
  let at = 0
  const put = (bytes: Buffer): void => {
    out.push(bytes)
    at += bytes.length
  }
  const ids = [...new Set(frames.map((each) => partsOf(each).id))]
  for (const each of frames) {
    if (random() >= changed) {
      put(each)
      continue
    }
    const parts = partsOf(each)
    if (random() < 0.5) {
      for (let count = 1 + below(random, 8); count > 0; count--) {
        put(inserted(random, { ids, others, isLawful: random() < lawful }))
        mutations.push(at)
      }
      put(each)
      continue
    }
    const changes = random() < lawful ? lawfulChanges : unlawfulChanges
    for (const bytes of changes[below(random, changes.length)]!(parts, random)) put(bytes)
    mutations.push(at)
  }
  return { bytes: Buffer.concat(out), mutations }
}

function partsOf(bytes: Buffer): Parts {
  return {
    type: bytes[3]!,
    flags: bytes[4]!,
    id: bytes.readUInt32BE(5),
    payload: bytes.subarray(frameHeadBytes),
  }
}

const whole = ({ type, ...rest }: Parts): Buffer => frame(type, rest)

/** Changes that keep to the rules of HTTP/2; what a DATA frame holds is no concern of those. */
const lawfulChanges: readonly Change[] = [
  (parts, random) => (parts.type === frameType.headers ? split(parts, below(random, 6)) : [whole(parts)]),
  (parts, random) => [padded(parts, below(random, 40))],
  (parts, random) => cut(parts, random),
  (parts, random) => [whole(parts.type === frameType.data ? withByte(parts, random) : parts)],
  (parts, random) => [whole(parts.type === frameType.data ? withPrefix(parts, random) : parts)],
  (parts, random) => [whole({ ...parts, flags: parts.flags | (below(random, 2) * 0x40) })],
  (parts, random) => [
    whole(parts),
    ...(parts.id > 0 && parts.type <= 1
      ? [frame(frameType.resetStream, { id: parts.id, payload: uint32(below(random, 14)) })]
      : []),
  ],
]

const unlawfulChanges: readonly Change[] = [
  (parts, random) => [whole(withByte(parts, random))],
  (parts, random) => [whole(withByte(withByte(parts, random), random))],
  (parts, random) => [whole({ ...parts, type: below(random, 12) })],
  (parts, random) => [whole({ ...parts, flags: parts.flags ^ (1 << below(random, 8)) })],
  (parts, random) => [whole({ ...parts, id: below(random, 30) })],
  (parts, random) => [whole({ ...parts, id: below(random, 2 ** 32) })],
  (parts, random) => [
    whole({ ...parts, payload: parts.payload.subarray(0, below(random, parts.payload.length + 1)) }),
  ],
  (parts, random) => [whole({ ...parts, payload: Buffer.concat([parts.payload, bytesOf(random, 300)]) })],
  (parts) => [whole(parts), whole(parts)],
  () => [],
  (parts, random) => {
    const bytes = whole(parts)
    bytes.writeUIntBE(random() < 0.5 ? below(random, 2 ** 24) : below(random, 100), 0, 3)
    return [bytes]
  },
  (parts, random) => [whole(parts).subarray(below(random, frameHeadBytes))],
  (parts, random) => split(parts, 6 + below(random, 8)),
]

interface Surroundings {
  /** Streams of the session. */
  readonly ids: readonly number[]
  readonly others: readonly Buffer[]
  readonly isLawful: boolean
}

/** A frame by chance. */
function inserted(random: Random, { ids, others, isLawful }: Surroundings): Buffer {
  const id = ids[below(random, ids.length)]!
  if (isLawful) {
    if (random() < 0.6) return idleFrame(random, 1001)
    const initialWindow = [0, 1, 16_384, 65_535, 2 ** 20, 2 ** 31 - 1][below(random, 6)]!
    return frame(frameType.settings, { payload: Buffer.concat([Buffer.of(0, 4), uint32(initialWindow)]) })
  }
  switch (below(random, 9)) {
    case 0:
      return others[below(random, others.length)]!
    case 1:
      return frame(below(random, 12), { flags: below(random, 256), id, payload: bytesOf(random, 60) })
    case 2:
      return frame(frameType.windowUpdate, { id, payload: uint32(extreme(random)) })
    case 3:
      return frame(frameType.resetStream, { id, payload: uint32(below(random, 20)) })
    case 4:
      return frame(frameType.settings, {
        payload: Buffer.concat([Buffer.of(0, below(random, 9)), uint32(extreme(random))]),
      })
    case 5:
      return frame(frameType.goAway, {
        payload: Buffer.concat([
          uint32(below(random, 20)),
          uint32(random() < 0.5 ? errorCode.noError : below(random, 14)),
          bytesOf(random, 30),
        ]),
      })
    case 6:
      return burst(random, id)
    case 7:
      return frame(frameType.data, {
        flags: random() < 0.3 ? frameFlag.endStream : 0,
        id,
        payload: Buffer.alloc(random() < 0.3 ? maxFrameBytes : below(random, 200)),
      })
    default:
      return frame(frameType.continuation, { flags: below(random, 8), id, payload: bytesOf(random, 100) })
  }
}

/** Many cheap frames: a flood, counted as one mutation. */
function burst(random: Random, id: number): Buffer {
  const cheap = [
    frame(frameType.ping, { payload: Buffer.alloc(8) }),
    frame(frameType.settings),
    frame(frameType.data, { id }),
    frame(frameType.windowUpdate, { payload: uint32(1) }),
    frame(frameType.priority, { id: 1001, payload: Buffer.alloc(5) }),
  ]
  return Buffer.concat(new Array<Buffer>(below(random, 400)).fill(cheap[below(random, cheap.length)]!))
}

const extremes = [0, 1, 2, 65_535, 65_536, 2 ** 31 - 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]

function extreme(random: Random): number {
  return random() < 0.7 ? extremes[below(random, extremes.length)]! : below(random, 2 ** 32)
}

function bytesOf(random: Random, most: number): Buffer {
  return Buffer.from(Array.from({ length: below(random, most) }, () => below(random, 256)))
}

function withByte(parts: Parts, random: Random): Parts {
  const payload = Buffer.from(parts.payload)
  if (payload.length > 0) payload[below(random, payload.length)] = below(random, 256)
  return { ...parts, payload }
}

/** Changes the prefix of a gRPC message, if the payload begins with one. */
function withPrefix(parts: Parts, random: Random): Parts {
  const payload = Buffer.from(parts.payload)
  if (payload.length < 5) return parts
  if (random() < 0.3) payload[0] = below(random, 3)
  else payload.writeUInt32BE(random() < 0.5 ? extreme(random) : below(random, 2 * payload.length), 1)
  return { ...parts, payload }
}

/** HEADERS as a frame and so many CONTINUATION frames. */
function split(parts: Parts, more: number): readonly Buffer[] {
  const isPlain = (parts.flags & (frameFlag.padded | frameFlag.priority)) === 0
  if (parts.type !== frameType.headers || !isPlain || more === 0) return [whole(parts)]
  const step = Math.ceil(parts.payload.length / (more + 1))
  return Array.from({ length: more + 1 }, (_, index) => {
    const end = index === more ? frameFlag.endHeaders : 0
    const payload = parts.payload.subarray(index * step, index === more ? undefined : (index + 1) * step)
    return index === 0
      ? frame(parts.type, { id: parts.id, flags: (parts.flags & frameFlag.endStream) | end, payload })
      : frame(frameType.continuation, { id: parts.id, flags: end, payload })
  })
}

function padded(parts: Parts, bytes: number): Buffer {
  const { type, flags, payload } = parts
  const fits =
    type <= frameType.headers && (flags & frameFlag.padded) === 0 && payload.length + bytes < maxFrameBytes
  if (!fits) return whole(parts)
  return whole({
    ...parts,
    flags: flags | frameFlag.padded,
    payload: Buffer.concat([Buffer.of(bytes), payload, Buffer.alloc(bytes)]),
  })
}

/** DATA as two frames. */
function cut(parts: Parts, random: Random): readonly Buffer[] {
  if (parts.type !== frameType.data || (parts.flags & frameFlag.padded) !== 0) return [whole(parts)]
  const at = below(random, parts.payload.length + 1)
  return [
    whole({ ...parts, flags: 0, payload: parts.payload.subarray(0, at) }),
    whole({ ...parts, payload: parts.payload.subarray(at) }),
  ]
}
