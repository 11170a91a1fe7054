import { percentile } from './percentile.js'

/** The record of one request. */
type Outcome = 'answered' | 'refused' | 'failed'

interface Trip {
  readonly arrivedAt: number
  tries: number
  /** Tries that are currently at a replica. */
  open: number
}

/** Figures of one run. Milliseconds are virtual, latencies those of answered requests. */
export interface Tally {
  readonly requests: number
  readonly answered: number
  readonly refused: number
  readonly failed: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  /** Share of all tries that went to a replica that the scenario breaks. */
  readonly badShare: number
  readonly triesPerRequest: number
  readonly hedges: number
}

/** Records every request, as seen from outside the balancer. */
export class Ledger {
  readonly #trips: Trip[] = []
  readonly #latencies: number[] = []
  readonly #outcomes: Record<Outcome, number> = { answered: 0, refused: 0, failed: 0 }
  #tries = 0
  #triesAtBad = 0
  #hedges = 0

  /** Number of finished requests. */
  get settled(): number {
    return this.#outcomes.answered + this.#outcomes.refused + this.#outcomes.failed
  }

  /** Returns the number of the request. */
  arrived(now: number): number {
    this.#trips.push({ arrivedAt: now, tries: 0, open: 0 })
    return this.#trips.length - 1
  }

  /** Records that a replica got the request. Returns the number of the try, from 0. */
  tried(request: number, isBad: boolean): number {
    const trip = this.#trips[request]!
    this.#tries++
    if (isBad) this.#triesAtBad++
    // retries are sequential: only a hedge starts while another try is open
    if (trip.open++ > 0) this.#hedges++
    return trip.tries++
  }

  /** Records that the replica no longer has the request. */
  released(request: number): void {
    this.#trips[request]!.open--
  }

  ended(request: number, outcome: Outcome, now: number): void {
    this.#outcomes[outcome]++
    if (outcome === 'answered') this.#latencies.push(now - this.#trips[request]!.arrivedAt)
  }

  tally(): Tally {
    const sorted = Float64Array.from(this.#latencies).sort()
    const requests = this.#trips.length
    return {
      requests,
      ...this.#outcomes,
      p50: percentile(sorted, 50),
      p99: percentile(sorted, 99),
      p999: percentile(sorted, 99.9),
      badShare: this.#tries === 0 ? 0 : this.#triesAtBad / this.#tries,
      triesPerRequest: requests === 0 ? 0 : this.#tries / requests,
      hedges: this.#hedges,
    }
  }
}
