import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void

/**
 * Bytes by which the heap has grown after a structure of long life was used again and again, with collections of young objects
 * alone. `use` is called with numbers that count up; what it lets go of should be gone (docs/decisions/0058-what-observing-costs.md).
 */
export function keptByYoungCollections(use: (number: number) => void): number {
  const through = (from: number, to: number): void => {
    for (let number = from; number < to; number++) {
      use(number)
      if (number % 100 === 0) collect({ type: 'minor' })
    }
  }
  through(1, 200)
  collect() // from now on the structure is in the old generation
  const before = getHeapStatistics().used_heap_size
  through(200, 4000)
  collect({ type: 'minor' })
  return getHeapStatistics().used_heap_size - before
}
