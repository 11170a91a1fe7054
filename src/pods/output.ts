/** Number of lines kept to explain why a pod died. */
const keptLines = 20

/** The last lines of a pod's output. */
export class OutputTail {
  readonly #lines: string[] = []

  get lines(): readonly string[] {
    return [...this.#lines]
  }

  push(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length > keptLines) this.#lines.shift()
  }
}
