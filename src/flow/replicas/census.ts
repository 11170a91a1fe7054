import type { GatewayLink } from './admission.js'

/** Counts the replicas of one shard for its metrics, and tells the gateway of each change. */
export class Census {
  readonly #stage: string
  readonly #gateway: Promise<GatewayLink>
  #wanted = 0
  #healed = 0

  constructor(stage: string, gateway: Promise<GatewayLink>) {
    this.#stage = stage
    this.#gateway = gateway
  }

  /** The desired number of replicas. */
  get wanted(): number {
    return this.#wanted
  }

  set wanted(wanted: number) {
    if (wanted === this.#wanted) return
    this.#wanted = wanted
    this.#tell()
  }

  /** A replica that had ended unexpectedly runs again. */
  healed(): void {
    this.#healed++
    this.#tell()
  }

  #tell(): void {
    const counts = { wanted: this.#wanted, healed: this.#healed }
    // a gateway that did not start or has closed has no metrics
    this.#gateway.then((gateway) => gateway.supervise(this.#stage, counts)).catch(() => {})
  }
}
