/** A row with its score. */
export interface Scored {
  readonly score: number
  readonly id: string
}

/** Smaller score first, equal scores by id as plain strings: a total order, since ids are unique. */
export function compareScored(left: Scored, right: Scored): number {
  if (left.score !== right.score) return left.score - right.score
  return left.id < right.id ? -1 : left.id > right.id ? 1 : 0
}

/** Keeps the best `limit` of all offered rows. */
export class Top<T extends Scored> {
  readonly #limit: number
  /** A heap: each entry is worse than its two children, so the worst comes first. */
  readonly #heap: T[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Scores worse than this need not be offered. */
  get worst(): number {
    return this.#heap.length < this.#limit ? Infinity : this.#heap[0]!.score
  }

  offer(row: T): void {
    const heap = this.#heap
    if (heap.length < this.#limit) {
      heap.push(row)
      this.#rise(heap.length - 1)
    } else if (compareScored(row, heap[0]!) < 0) {
      heap[0] = row
      this.#sink()
    }
  }

  /** Best first. */
  sorted(): T[] {
    return [...this.#heap].sort(compareScored)
  }

  #rise(from: number): void {
    const heap = this.#heap
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1
      if (compareScored(heap[at]!, heap[parent]!) <= 0) return
      ;[heap[at], heap[parent]] = [heap[parent]!, heap[at]!]
      at = parent
    }
  }

  #sink(): void {
    const heap = this.#heap
    for (let at = 0; ; ) {
      let worst = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && compareScored(heap[child]!, heap[worst]!) > 0) worst = child
      }
      if (worst === at) return
      ;[heap[at], heap[worst]] = [heap[worst]!, heap[at]!]
      at = worst
    }
  }
}
