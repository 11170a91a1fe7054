/** An event at a given time. Without `wake` it was cancelled. */
export interface Entry {
  readonly at: number
  wake: (() => void) | undefined
}

interface Numbered extends Entry {
  readonly order: number
}

/** Scheduled events, as a binary heap: the earliest first, and events of the same time in the order of scheduling. */
export class Agenda {
  readonly #heap: Numbered[] = []
  #count = 0

  put(at: number, wake: () => void): Entry {
    const entry: Numbered = { at, wake, order: this.#count++ }
    this.#heap.push(entry)
    this.#rise(this.#heap.length - 1)
    return entry
  }

  /** The next event that was not cancelled. */
  take(): { readonly at: number; readonly wake: () => void } | undefined {
    for (let entry = this.#pop(); entry !== undefined; entry = this.#pop()) {
      const { at, wake } = entry
      if (wake !== undefined) return { at, wake }
    }
    return undefined
  }

  #pop(): Numbered | undefined {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (first === undefined || last === undefined || this.#heap.length === 0) return first
    this.#heap[0] = last
    this.#sink()
    return first
  }

  #rise(from: number): void {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(this.#heap[at]!, this.#heap[parent]!)) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #sink(): void {
    const { length } = this.#heap
    for (let at = 0; ; ) {
      const left = 2 * at + 1
      const right = left + 1
      if (left >= length) return
      const child = right < length && isBefore(this.#heap[right]!, this.#heap[left]!) ? right : left
      if (!isBefore(this.#heap[child]!, this.#heap[at]!)) return
      this.#swap(at, child)
      at = child
    }
  }

  #swap(one: number, other: number): void {
    const kept = this.#heap[one]!
    this.#heap[one] = this.#heap[other]!
    this.#heap[other] = kept
  }
}

function isBefore(one: Numbered, other: Numbered): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}
