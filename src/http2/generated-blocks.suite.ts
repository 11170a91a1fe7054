import { frameFlag, frameType } from './codes.js'
import { staticTable } from './hpack/static-table.js'
import { frame, uint32 } from './in-memory-socket.suite.js'

export type Random = () => number

export const below = (random: Random, limit: number): number => Math.floor(random() * limit)

/** Bytes as they may arrive. */
export function* pieces(bytes: Buffer, random: Random): Generator<Buffer> {
  const largest = random() < 0.2 ? 7 : 2000
  for (let at = 0; at < bytes.length; ) {
    const to = at + 1 + Math.floor(random() * (bytes.length < 3000 ? largest : 3000))
    yield bytes.subarray(at, to)
    at = to
  }
}

export type Fields = readonly (readonly [name: string, value: string])[]

/** Fields that are no pseudo-headers. */
export function plainFields(random: Random): Fields {
  return Array.from({ length: below(random, 8) }, (): readonly [string, string] => [
    `x-${below(random, 12)}`,
    String.fromCharCode(33 + below(random, 90)).repeat(below(random, random() < 0.1 ? 600 : 40)),
  ])
}

/** Fields as a receiver sees them. */
export function joined(fields: Fields): Record<string, string> {
  const all = new Map<string, string>()
  for (const [name, value] of fields) {
    const before = all.get(name)
    all.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return Object.fromEntries([...all].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** HEADERS, perhaps padded, with a priority, and with CONTINUATION frames. */
export function headerFrames(
  random: Random,
  { id, block, isEnd }: { readonly id: number; readonly block: Buffer; readonly isEnd: boolean },
): Buffer[] {
  const cuts =
    random() < 0.3
      ? [below(random, block.length + 1), below(random, block.length + 1)].toSorted((a, b) => a - b)
      : []
  const fragments = [...cuts, block.length].map((to, index) => block.subarray(cuts[index - 1] ?? 0, to))
  return fragments.map((fragment, index) => {
    const isLast = index === fragments.length - 1
    let flags: number = isLast ? frameFlag.endHeaders : 0
    if (index > 0) return frame(frameType.continuation, { flags, id, payload: fragment })
    let payload: Buffer = fragment
    if (random() < 0.2) {
      flags |= frameFlag.priority
      payload = Buffer.concat([uint32(0), Buffer.of(below(random, 256)), payload])
    }
    if (random() < 0.2) {
      flags |= frameFlag.padded
      payload = padded(payload, below(random, 20))
    }
    return frame(frameType.headers, { flags: flags | (isEnd ? frameFlag.endStream : 0), id, payload })
  })
}

export function dataFrame(
  random: Random,
  { id, text, flags }: { readonly id: number; readonly text: string; readonly flags: number },
): Buffer {
  const payload = Buffer.from(text, 'latin1')
  if (random() < 0.7) return frame(frameType.data, { flags, id, payload })
  return frame(frameType.data, {
    flags: flags | frameFlag.padded,
    id,
    payload: padded(payload, below(random, 30)),
  })
}

/** A frame that changes nothing. */
export function idleFrame(random: Random, idleId: number): Buffer {
  switch (below(random, 5)) {
    case 0:
      return frame(frameType.ping, { payload: Buffer.alloc(8, below(random, 256)) })
    case 1:
      return frame(frameType.windowUpdate, { payload: uint32(1 + below(random, 1000)) })
    case 2:
      return frame(frameType.settings, {
        payload: Buffer.concat([
          Buffer.of(0, 4),
          uint32(below(random, 100_000)),
          Buffer.of(0, 99),
          uint32(1),
        ]),
      })
    case 3:
      return frame(0xee, { flags: below(random, 256), payload: Buffer.alloc(below(random, 50)) })
    default:
      return frame(frameType.priority, { id: idleId, payload: [0, 0, 0, 0, 9] })
  }
}

function padded(payload: Buffer, bytes: number): Buffer {
  return Buffer.concat([Buffer.of(bytes), payload, Buffer.alloc(bytes)])
}

const overheadBytes = 32

/** An encoder that chooses among all representations of RFC 7541, 6, by chance; with a table of its own. */
export class GeneratedBlocks {
  readonly #random: Random
  #table: (readonly [string, string])[] = []
  #limit = 4096

  constructor(random: Random) {
    this.#random = random
  }

  encode(fields: Fields): Buffer {
    const parts: Buffer[] = []
    if (this.#random() < 0.05) {
      this.#limit = below(this.#random, 4097)
      this.#evict()
      parts.push(integer(this.#limit, 5, 0x20))
    }
    for (const field of fields) parts.push(this.#field(field))
    return Buffer.concat(parts)
  }

  #field([name, value]: readonly [string, string]): Buffer {
    const random = this.#random
    const all = [...staticTable.map((field) => [field.name, field.value] as const), ...this.#table]
    const whole = all.findIndex((each) => each[0] === name && each[1] === value)
    if (whole >= 0 && random() < 0.8) return integer(whole + 1, 7, 0x80)
    const named = random() < 0.7 ? all.findIndex((each) => each[0] === name) + 1 : 0
    const rest = [...(named === 0 ? [string(name)] : []), string(value)]
    if (random() < 0.3) return Buffer.concat([integer(named, 4, random() < 0.5 ? 0x10 : 0), ...rest])
    this.#table.unshift([name, value])
    this.#evict()
    return Buffer.concat([integer(named, 6, 0x40), ...rest])
  }

  #evict(): void {
    const bytes = (): number =>
      this.#table.reduce((sum, [name, value]) => sum + name.length + value.length + overheadBytes, 0)
    while (bytes() > this.#limit) this.#table.pop()
  }
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([integer(bytes.length, 7, 0), bytes])
}

function integer(value: number, prefixBits: number, pattern: number): Buffer {
  const most = 2 ** prefixBits - 1
  if (value < most) return Buffer.of(pattern | value)
  const bytes = [pattern | most]
  let rest = value - most
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Buffer.from([...bytes, rest])
}
