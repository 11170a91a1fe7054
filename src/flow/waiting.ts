import type { Clock } from '../lib/clock.js'
import { logFormat } from '../observe/entry.js'
import type { Logger } from '../observe/logger.js'
import { keepBelow } from '../observe/standard-error.js'

/** Interval between log entries when the output is not a terminal. */
const plainEveryMs = 10_000
const redrawEveryMs = 100
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface WaitingTools {
  /** Standard error. */
  readonly stream: Output
  readonly clock: Clock
  readonly logger: Pick<Logger, 'info'>
}

/**
 * A status line naming the stages that are not ready yet: redrawn in place on a terminal, logged every ten seconds elsewhere,
 * and removed when all are ready.
 */
export class WaitingLine {
  readonly #pending = new Map<string, { ready: number; readonly of: number }>()
  readonly #tools: WaitingTools
  readonly #isLive: boolean
  #release: () => void = () => {}
  #cancel: () => void = () => {}
  #frame = 0

  constructor(stages: ReadonlyMap<string, number>, tools: WaitingTools) {
    for (const [name, of] of stages) this.#pending.set(name, { ready: 0, of })
    this.#tools = tools
    this.#isLive = tools.stream.isTTY === true && logFormat() === 'line'
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
    this.#release()
    if (this.#frame > 0) this.#clear()
  }

  #schedule(): void {
    this.#cancel = this.#tools.clock.after(this.#isLive ? redrawEveryMs : plainEveryMs, () => {
      if (this.#isLive) this.#redraw()
      else this.#tools.logger.info(this.text())
      this.#schedule()
    })
  }

  #redraw(): void {
    if (this.#frame++ === 0) {
      this.#release = keepBelow({ clear: () => this.#clear(), draw: () => this.#draw() })
    }
    this.#draw()
  }

  #draw(): void {
    const { stream } = this.#tools
    const frame = frames[this.#frame % frames.length]
    stream.write(`\r\x1b[K${frame} ${this.text()}`.slice(0, (stream.columns ?? 80) + 3))
  }

  #clear(): void {
    this.#tools.stream.write('\r\x1b[K')
  }
}
