const BITS = 10
const BUCKETS = 1 << BITS

/**
 * The numbers 0 … `count` - 1 in ascending order of (`high`, `low`), both of 30 bits. A stable radix sort with ten bits
 * per pass: for the few thousand words of a batch it takes a tenth of the time of a comparison sort.
 */
export function sortedByKey(high: Int32Array, low: Int32Array, count: number): Int32Array {
  let order = new Int32Array(count)
  let target = new Int32Array(count)
  for (let index = 0; index < count; index++) order[index] = index
  const ends = new Int32Array(BUCKETS)
  for (const digits of [low, high]) {
    for (let shift = 0; shift < 30; shift += BITS) {
      distribute(order, target, digits, shift, ends)
      const sorted = target
      target = order
      order = sorted
    }
  }
  return order
}

function distribute(
  from: Int32Array,
  to: Int32Array,
  digits: Int32Array,
  shift: number,
  starts: Int32Array,
): void {
  const mask = BUCKETS - 1
  starts.fill(0)
  for (let index = 0; index < from.length; index++) {
    const bucket = ((digits[index] as number) >>> shift) & mask
    starts[bucket] = (starts[bucket] as number) + 1
  }
  let start = 0
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const size = starts[bucket] as number
    starts[bucket] = start
    start += size
  }
  for (let index = 0; index < from.length; index++) {
    const id = from[index] as number
    const bucket = ((digits[id] as number) >>> shift) & mask
    const position = starts[bucket] as number
    starts[bucket] = position + 1
    to[position] = id
  }
}
