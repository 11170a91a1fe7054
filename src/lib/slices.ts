import { nextTurn } from './next-turn.js'

/**
 * A long computation in slices: at each `yield` the event loop may serve other work. Written as a generator, so that a
 * computation of a single slice runs synchronously.
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

/** Maximum number of steps in a slice, and of bytes that they may process: a millisecond or two, whatever the bytes are. */
const maxSteps = 500
const maxBytes = 256 * 1024

/** Counts the steps of a slice. */
export class Slice {
  #steps = 0
  #bytes = 0

  /** Counts a step over so many bytes; returns true when the slice was full, so that this step begins the next one. */
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
 * Runs a computation to its end, with one turn of the event loop between two slices. Rejects with the error that it throws,
 * or with the reason of the call's abort.
 */
export async function inSlices<Result>(
  work: Sliced<Result>,
  call: { readonly aborted: unknown },
  yieldToLoop: () => Promise<void> = nextTurn,
): Promise<Result> {
  for (let step = work.next(); ; step = work.next()) {
    if (step.done === true) return step.value
    await yieldToLoop()
    if (call.aborted !== undefined) throw call.aborted
  }
}

/** Runs a computation to its end without yielding to the event loop. */
export function atOnce<Result>(work: Sliced<Result>): Result {
  for (let step = work.next(); ; step = work.next()) if (step.done === true) return step.value
}
