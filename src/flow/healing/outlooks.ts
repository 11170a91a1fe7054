import type { Outlook } from '../../gateway/events.js'
import type { Logger } from '../../observe/logger.js'
import type { GatewayLink } from '../replicas/admission.js'
import type { ReplicaLife } from '../replicas/replica.js'
import type { RestartBudget } from './restart-budget.js'

export interface OutlookTools {
  readonly gateway: Promise<GatewayLink>
  readonly budget: RestartBudget
  readonly logger: Logger
}

/**
 * Whether a stage is degraded, and what the gateway is told for the time that it has no replica.
 *
 * 1. A stage is degraded while a replica that died cannot be replaced for want of restarts; that is logged once.
 * 2. Requests wait for a stage unless none of its replicas runs, starts, or will start in a moment.
 */
export class Outlooks {
  /** Why nobody is started though there is no replica; null when a request would make one start. */
  blocked: string | null = null
  readonly #stage: string
  readonly #tools: OutlookTools
  #degraded: string | null = null
  #told: Outlook | undefined

  constructor(stage: string, tools: OutlookTools) {
    this.#stage = stage
    this.#tools = tools
  }

  /** Why dead replicas are not replaced at the moment; null when all is well. */
  get degraded(): string | null {
    return this.#degraded
  }

  /** The replicas that are to stay have become these. */
  settle(replicas: readonly { readonly life: ReplicaLife }[], isClosing: boolean): void {
    const broke = replicas.flatMap(({ life }) => (life.state === 'backoff' && life.broke ? [life] : []))
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

  /** Null: there is, or will be, a replica. */
  #tell(whyNone: string | null): void {
    const outlook = { expecting: whyNone === null, why: whyNone ?? '' }
    if (this.#told?.why === outlook.why && this.#told.expecting === outlook.expecting) return
    this.#told = outlook
    // a gateway that did not start, or is gone, refuses everything anyway
    this.#tools.gateway.then((gateway) => gateway.expect(this.#stage, outlook)).catch(() => {})
  }

  #sentence(dead: number, all: number): string {
    const { max, windowMs } = this.#tools.budget
    const restarts = max === 1 ? 'one restart' : `${max} restarts`
    const budget = max === 0 ? 'restarts nothing' : `has used its ${restarts} within ${windowMs / 1000} s`
    const who = `${dead} of ${all} replicas ${dead === 1 ? 'is' : 'are'} not replaced`
    const until = max === 0 ? '' : ' until that is longer ago'
    return `stage '${this.#stage}' ${budget}: ${who}${until}.`
  }
}
