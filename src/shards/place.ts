/**
 * The shard of a key, by rendezvous hashing: the shard with the highest weight for this key. Adding a shard moves keys only
 * to the new shard, and none between the others. The result is the same in every process and version.
 *
 * hash(key) is MurmurHash3_x86_32 (A. Appleby) of its UTF-8 bytes with seed 0. The weight of shard i, counted from 0, is
 * fmix32(hash XOR ((i + 1) · 0x9E3779B9 mod 2³²)), where fmix32 is that hash's finalizer; among equal weights the lower
 * shard wins. Source of the scheme: D. G. Thaler, C. V. Ravishankar, "A Name-Based Mapping Scheme for Rendezvous" (1996).
 * Test vectors for other implementations are in docs/shards.md.
 */
export function placeOf(key: string, shards: number): number {
  const hash = hashOf(key)
  let best = 0
  let bestWeight = -1
  for (let shard = 0; shard < shards; shard++) {
    const weight = mix(hash ^ Math.imul(shard + 1, golden))
    if (weight <= bestWeight) continue
    best = shard
    bestWeight = weight
  }
  return best
}

const encoder = new TextEncoder()
const golden = 0x9e3779b9

/** The bytes of a short key. */
const short = new Uint8Array(64)

/** The hash of a key: `murmur3` of its UTF-8 bytes. Short ASCII is encoded here, because a call of the encoder takes longer than the whole hash. */
export function hashOf(key: string): number {
  const { length } = key
  if (length > short.length) return murmur3(encoder.encode(key))
  for (let at = 0; at < length; at++) {
    const unit = key.charCodeAt(at)
    if (unit > 127) return murmur3(encoder.encode(key))
    short[at] = unit
  }
  return murmur3(short, length)
}

/** MurmurHash3_x86_32 with seed 0 of the first `length` bytes, unsigned. */
export function murmur3(bytes: Uint8Array, length: number = bytes.length): number {
  const whole = length & ~3
  let hash = 0
  for (let at = 0; at < whole; at += 4) {
    const block = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    hash ^= scramble(block)
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64
  }
  let tail = 0
  for (let at = length - 1; at >= whole; at--) tail = (tail << 8) | bytes[at]!
  if (whole < length) hash ^= scramble(tail)
  return mix(hash ^ length)
}

function scramble(block: number): number {
  const product = Math.imul(block, 0xcc9e2d51)
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593)
}

/** fmix32, unsigned. */
function mix(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
