import type { Clock } from '../lib/clock.js'

/** Interval between lines when the output is not a terminal. */
const plainEveryMs = 10_000
const redrawEveryMs = 100
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/**
 * A status line naming the stages that are not ready yet: redrawn in place on a terminal, printed every ten seconds
 * elsewhere, and removed when all are ready.
 */
export class WaitingLine {
  readonly #pending = new Map<string, { ready: number; readonly of: number }>()
  readonly #output: Output
  readonly #clock: Clock
  #cancel: () => void = () => {}
  #frame = 0

  constructor(stages: ReadonlyMap<string, number>, output: Output, clock: Clock) {
    for (const [name, of] of stages) this.#pending.set(name, { ready: 0, of })
    this.#output = output
    this.#clock = clock
    this.#schedule()
  }

  /** One more pod of a stage is ready. */
  ready(stage: string): void {
    const entry = this.#pending.get(stage)
    if (entry === undefined) return
    entry.ready += 1
    if (entry.ready >= entry.of) this.#pending.delete(stage)
  }

  text(): string {
    const names = [...this.#pending].map(([name, { ready, of }]) =>
      of === 1 ? name : `${name} (${ready}/${of})`,
    )
    return `Waiting for ${names.join(', ')} …`
  }

  close(): void {
    this.#cancel()
    if (this.#output.isTTY === true && this.#frame > 0) this.#output.write('\r\x1b[K')
  }

  #schedule(): void {
    this.#cancel = this.#clock.after(this.#output.isTTY === true ? redrawEveryMs : plainEveryMs, () => {
      this.#draw()
      this.#schedule()
    })
  }

  #draw(): void {
    if (this.#output.isTTY !== true) {
      this.#output.write(`${this.text()}\n`)
      return
    }
    const frame = frames[this.#frame++ % frames.length]
    this.#output.write(`\r\x1b[K${frame} ${this.text()}`.slice(0, (this.#output.columns ?? 80) + 3))
  }
}
