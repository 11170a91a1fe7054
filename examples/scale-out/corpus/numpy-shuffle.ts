/**
 * The numbers 0 … `count` - 1 in the order of `numpy.random.RandomState(seed).shuffle(numpy.arange(count))`: scikit-learn
 * shuffles 20newsgroups in this way, and batches are only equal if the order is.
 */
export function numpyShuffled(count: number, seed: number): Int32Array {
  const next = mersenneTwister(seed)
  const order = Int32Array.from({ length: count }, (_, index) => index)
  for (let last = count - 1; last > 0; last--) {
    const mask = 2 ** (32 - Math.clz32(last)) - 1
    let other = next() & mask
    while (other > last) other = next() & mask
    const swapped = order[last] as number
    order[last] = order[other] as number
    order[other] = swapped
  }
  return order
}

const SIZE = 624
const MIDDLE = 397

/** MT19937 (Matsumoto and Nishimura, 1998) with its plain seeding. */
function mersenneTwister(seed: number): () => number {
  const state = new Int32Array(SIZE)
  state[0] = seed
  for (let index = 1; index < SIZE; index++) {
    const previous = state[index - 1] as number
    state[index] = Math.imul(1_812_433_253, previous ^ (previous >>> 30)) + index
  }
  let index = SIZE
  return () => {
    if (index === SIZE) {
      twist(state)
      index = 0
    }
    let value = state[index++] as number
    value ^= value >>> 11
    value ^= (value << 7) & 0x9d2c5680
    value ^= (value << 15) & 0xefc60000
    return value ^ (value >>> 18)
  }
}

function twist(state: Int32Array): void {
  for (let index = 0; index < SIZE; index++) {
    const after = state[(index + 1) % SIZE] as number
    const mixed = ((state[index] as number) & 0x80000000) | (after & 0x7fffffff)
    const far = state[(index + MIDDLE) % SIZE] as number
    state[index] = far ^ (mixed >>> 1) ^ (after & 1 ? 0x9908b0df : 0)
  }
}
