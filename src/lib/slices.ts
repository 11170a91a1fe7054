/**
 * A long computation in slices: at each `yield` the event loop may serve others. Written as a generator, so that a short
 * one, which has no slice but the first, runs at once and waits for nothing.
 *
 * @example
 * function* sum(numbers: readonly number[]): Sliced<number> {
 *   const slice = new Slice()
 *   let total = 0
 *   for (const number of numbers) {
 *     if (slice.isFull(8)) yield
 *     total += number
 *   }
 *   return total
 * }
 */
export type Sliced<Result> = Generator<undefined, Result, undefined>

/** Steps of one slice, and bytes that they may go over: a millisecond or two, whatever the bytes are. */
const maxSteps = 500
const maxBytes = 256 * 1024

/** Counts the steps of a slice. */
export class Slice {
  #steps = 0
  #bytes = 0

  /** Counts a step over so many bytes; true when the slice was full before it, and this step begins another one. */
  isFull(bytes: number): boolean {
    if (this.#steps < maxSteps && this.#bytes < maxBytes) {
      this.#steps++
      this.#bytes += bytes
      return false
    }
    this.#steps = 1
    this.#bytes = bytes
    return true
  }
}

/**
 * Runs a computation to its end; between two slices the event loop goes round once. Rejects with what it throws, or with
 * the reason why nobody waits for its result any more.
 */
export async function inSlices<Result>(
  work: Sliced<Result>,
  call: { readonly aborted: unknown },
  breathe: () => Promise<void> = turnOfTheLoop,
): Promise<Result> {
  for (let step = work.next(); ; step = work.next()) {
    if (step.done === true) return step.value
    await breathe()
    if (call.aborted !== undefined) throw call.aborted
  }
}

/** Runs a computation to its end without giving way. */
export function atOnce<Result>(work: Sliced<Result>): Result {
  for (let step = work.next(); ; step = work.next()) if (step.done === true) return step.value
}

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
