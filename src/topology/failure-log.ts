import type { Clock } from '../lib/clock.js'

/** Least milliseconds between two sentences about one stage: it may fail at every request. */
const quietMs = 10_000

interface Failures {
  count: number
  /** Those that no sentence has counted yet. */
  unsaid: number
  last: string
  /** When the last sentence was logged, in milliseconds of the monotonic clock. */
  saidAt: number
}

/** Counts and logs failed requests whose callers do not learn about them. */
export class FailureLog {
  readonly #clock: Clock
  readonly #say: (sentence: string) => void
  readonly #stages = new Map<string, Failures>()

  constructor({ clock, say }: { readonly clock: Clock; say(sentence: string): void }) {
    this.#clock = clock
    this.#say = say
  }

  note(stage: string, reason: string): void {
    let failures = this.#stages.get(stage)
    if (failures === undefined) {
      failures = { count: 0, unsaid: 0, last: '', saidAt: Number.NEGATIVE_INFINITY }
      this.#stages.set(stage, failures)
    }
    failures.count++
    failures.unsaid++
    failures.last = reason
    if (this.#clock.monotonic() >= failures.saidAt + quietMs) this.#report(stage, failures)
  }

  /** Failed requests of a stage. */
  count(stage: string): number {
    return this.#stages.get(stage)?.count ?? 0
  }

  /** Logs failures that are counted and not logged yet. */
  flush(): void {
    for (const [stage, failures] of this.#stages) {
      if (failures.unsaid > 0) this.#report(stage, failures)
    }
  }

  #report(stage: string, failures: Failures): void {
    const { unsaid, last } = failures
    const head =
      unsaid === 1
        ? 'a request that no answer waits for failed.'
        : `${unsaid} requests that no answer waits for failed. The last one:`
    failures.unsaid = 0
    failures.saidAt = this.#clock.monotonic()
    this.#say(`${stage}: ${head} ${last}`)
  }
}
