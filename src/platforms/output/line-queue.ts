/** UTF-16 units that a reader may be behind; later lines are left out until it has caught up. */
const mostBehind = 1024 * 1024

/** Lines on their way to a reader that may be slow. */
export class LineQueue {
  #pieces: string[] = []
  #size = 0
  #leftOut = 0
  #isEnded = false
  #failure: unknown = null
  #wake: () => void = () => {}

  push(line: string): void {
    if (this.#size > mostBehind) {
      this.#leftOut++
      return
    }
    this.#add(`${line}\n`)
  }

  /** Ends the lines, after those that wait; with `failure` the reader gets that. */
  end(failure: unknown = null): void {
    this.#isEnded = true
    this.#failure = failure
    this.#wake()
  }

  /** Text of whole lines, with their line feeds. One reader at a time. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    for (;;) {
      if (this.#pieces.length === 0 && !this.#isEnded)
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      const text = this.#taken()
      if (text !== '') yield text
      else if (this.#isEnded) break
    }
    if (this.#failure !== null) throw this.#failure
  }

  #add(text: string): void {
    this.#pieces.push(text)
    this.#size += text.length
    this.#wake()
  }

  #taken(): string {
    const text = this.#pieces.join('')
    const more =
      this.#leftOut > 0 ? `… ${this.#leftOut} lines were left out, because they were not read in time.\n` : ''
    this.#pieces = []
    this.#size = 0
    this.#leftOut = 0
    return text + more
  }
}
