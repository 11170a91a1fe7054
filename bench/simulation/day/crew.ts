import type { Scalable } from '../../../src/flow/scaling/autoscaling.js'
import { leavingOrder } from '../../../src/flow/scaling/leaving.js'
import type { Clock } from '../../../src/lib/clock.js'
import type { Autoscale } from '../../../src/plan/resilience.js'
import type { Fleet } from '../fleet.js'

/** Milliseconds until a new replica takes requests, about as long as a process pod needs. */
const startMs = 500
/** Grace period of a replica that is removed. */
const graceMs = 60_000

/** The replicas of a stage as the autoscaler sees them: a change takes time, and the next one starts after it. */
export class Crew implements Scalable {
  readonly name = 'exec'
  readonly plan: { readonly autoscale: Autoscale | null }
  isChanging = false
  /** How often the number was changed. */
  changes = 0
  readonly #fleet: Fleet
  readonly #clock: Clock
  #count = 0

  constructor(fleet: Fleet, clock: Clock, autoscale: Autoscale | null) {
    this.#fleet = fleet
    this.#clock = clock
    this.plan = { autoscale }
  }

  get replicas(): number {
    return this.#fleet.names.length
  }

  /** Adds the initial replicas. */
  open(count: number): void {
    while (this.replicas < count) this.#startOne()
  }

  scale(count: number): Promise<void> {
    this.changes++
    if (count > this.replicas) return this.#grow(count)
    const candidates = this.#fleet.names.map((name) => ({ name, running: true }))
    const leaving = leavingOrder(candidates, this.#fleet.pool.load().replicas).slice(0, this.replicas - count)
    for (const { name } of leaving) void this.#fleet.end(name, graceMs) // drains in the background
    return Promise.resolve()
  }

  block(): void {}

  #grow(count: number): Promise<void> {
    this.isChanging = true
    return new Promise((resolve) => {
      this.#clock.after(startMs, () => {
        this.open(count)
        this.isChanging = false
        resolve()
      })
    })
  }

  #startOne(): void {
    this.#fleet.start(`exec/rep-${this.#count++}`)
  }
}
