import { MillraceError } from '../../errors.js'
import type { StageLoad } from '../../gateway/events.js'
import type { Clock } from '../../lib/clock.js'
import type { Logger } from '../../observe/logger.js'
import type { StagePlan } from '../../plan/flow-plan.js'
import { Autoscaler } from './autoscaler.js'

const everyMs = 250
/** Pause after replicas did not start. */
const retryMs = 5000

/** A replica set that can be scaled automatically. */
export interface Scalable {
  readonly name: string
  readonly plan: Pick<StagePlan, 'autoscale'>
  readonly replicas: number
  readonly isChanging: boolean
  scale(count: number): Promise<unknown>
  /** Makes the gateway refuse requests, with this reason, while there is no replica; null makes them wait. */
  block(why: string | null): void
}

export interface AutoscalingTools {
  status(): Promise<readonly StageLoad[]>
  readonly clock: Clock
  readonly logger: Logger
}

interface Followed {
  readonly stage: Scalable
  readonly autoscaler: Autoscaler
  /** Cancels the pause after a failed start; null when there is none. */
  paused: (() => void) | null
}

/**
 * Polls the load of stages with autoscaling four times a second; does nothing when there are none.
 *
 * 1. It never interferes with a requested change in progress.
 * 2. A failed start is logged, and tried again after `retryMs`.
 */
export class Autoscaling {
  readonly #tools: AutoscalingTools
  readonly #followed = new Map<string, Followed>()
  #cancel: () => void = () => {}
  #isClosed = false

  constructor(stages: Iterable<Scalable>, tools: AutoscalingTools) {
    this.#tools = tools
    for (const stage of stages) {
      const { autoscale } = stage.plan
      if (autoscale === null) continue
      const autoscaler = new Autoscaler(autoscale, tools.clock)
      this.#followed.set(stage.name, { stage, autoscaler, paused: null })
    }
    this.#schedule()
  }

  /** A request waits for a stage without a replica. */
  demand(name: string): void {
    const followed = this.#followed.get(name)
    if (followed !== undefined) this.#observe(followed, 1)
  }

  close(): void {
    this.#isClosed = true
    this.#cancel()
    for (const { paused } of this.#followed.values()) paused?.()
  }

  #schedule(): void {
    if (this.#isClosed || this.#followed.size === 0) return
    this.#cancel = this.#tools.clock.after(everyMs, () => void this.#look())
  }

  async #look(): Promise<void> {
    try {
      for (const { name, waiting, replicas } of await this.#tools.status()) {
        const followed = this.#followed.get(name)
        const inFlight = replicas.reduce((sum, replica) => sum + replica.inFlight, 0)
        if (followed !== undefined) this.#observe(followed, inFlight + waiting)
      }
    } catch {
      // the gateway has closed, which is reported elsewhere
    }
    this.#schedule()
  }

  #observe(followed: Followed, load: number): void {
    const { stage, autoscaler, paused } = followed
    if (this.#isClosed || stage.isChanging) return
    const { replicas } = stage
    const count = autoscaler.observe({ load, replicas })
    if (count === null || (count > replicas && paused !== null)) return
    this.#tools.logger.info(`stage '${stage.name}' goes from ${replicas} to ${count} replicas, load ${load}.`)
    stage.scale(count).catch((error: unknown) => this.#failed(followed, MillraceError.from(error)))
  }

  #failed(followed: Followed, { message }: MillraceError): void {
    if (this.#isClosed) return
    const { stage } = followed
    this.#tools.logger.error(`stage '${stage.name}' cannot grow; next try in ${retryMs} ms. ${message}`)
    stage.block(`stage '${stage.name}' has no replica, and the last one did not start: ${message}`)
    followed.paused = this.#tools.clock.after(retryMs, () => {
      followed.paused = null
      stage.block(null)
    })
  }
}
