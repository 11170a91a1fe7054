import type { Expectation } from '../../gateway/events.js'
import type { Logger } from '../../observe/logger.js'
import type { GatewayLink } from '../replicas/admission.js'
import type { ReplicaPhase } from '../replicas/replica.js'
import type { RestartBudget } from './restart-budget.js'

export interface StageHealthTools {
  readonly gateway: Promise<GatewayLink>
  readonly budget: RestartBudget
  readonly logger: Logger
}

/**
 * Tracks whether a stage is degraded, and tells the gateway whether a stage without replicas will get one.
 *
 * 1. A stage is degraded while a dead replica cannot be replaced because the restart budget is used up; logged once.
 * 2. Requests wait for a stage unless none of its replicas is running, starting, or about to start.
 */
export class StageHealth {
  /** Why no replica is started although there is none; null when a request would start one. */
  blocked: string | null = null
  readonly #stage: string
  readonly #tools: StageHealthTools
  #degraded: string | null = null
  #told: Expectation | undefined

  constructor(stage: string, tools: StageHealthTools) {
    this.#stage = stage
    this.#tools = tools
  }

  /** Why dead replicas are not being replaced; null when the stage is not degraded. */
  get degraded(): string | null {
    return this.#degraded
  }

  /** Updates the state from the current replicas, without those that are leaving. */
  settle(replicas: readonly { readonly phase: ReplicaPhase }[], isClosing: boolean): void {
    const broke = replicas.flatMap(({ phase }) => (phase.state === 'backoff' && phase.broke ? [phase] : []))
    const before = this.#degraded
    this.#degraded = broke.length === 0 ? null : this.#sentence(broke.length, replicas.length)
    if (this.#degraded !== null && before === null) {
      this.#tools.logger.error(`${this.#degraded} The last failure: ${broke.at(-1)!.why}`)
    }
    if (this.#degraded === null && before !== null && !isClosing) {
      this.#tools.logger.info(`stage '${this.#stage}' replaces its replicas again.`)
    }
    if (broke.length < replicas.length) this.#tell(null)
    else this.#tell(isClosing ? `stage '${this.#stage}' is closing.` : (this.#degraded ?? this.blocked))
  }

  /** Tells the gateway why there is no replica; null when there is one or will be. */
  #tell(whyNone: string | null): void {
    const expectation = { expecting: whyNone === null, why: whyNone ?? '' }
    if (this.#told?.why === expectation.why && this.#told.expecting === expectation.expecting) return
    this.#told = expectation
    // a gateway that did not start or has closed refuses everything anyway
    this.#tools.gateway.then((gateway) => gateway.expect(this.#stage, expectation)).catch(() => {})
  }

  #sentence(dead: number, all: number): string {
    const { max, windowMs } = this.#tools.budget
    const restarts = max === 1 ? 'one restart' : `${max} restarts`
    const budget = max === 0 ? 'restarts nothing' : `has used its ${restarts} within ${windowMs / 1000} s`
    const who = `${dead} of ${all} replicas ${dead === 1 ? 'is' : 'are'} not replaced`
    const until = max === 0 ? '' : ` until the oldest of these restarts is more than ${windowMs / 1000} s ago`
    return `stage '${this.#stage}' ${budget}: ${who}${until}.`
  }
}
