import type { Endpoint, Endpoints } from './endpoints.js'
import type { Policy } from './policies/policy.js'
import type { Quarantine } from './quarantine.js'
import type { Itinerary } from './waiting-room.js'

export interface PickerOptions {
  readonly endpoints: Endpoints
  readonly policy: Policy
  /** Number of requests that a replica has at once, at most. */
  readonly perReplica: number
  /** Excludes the replicas that are reserved for suspect requests. */
  readonly quarantine: Quarantine
}

/** Picks the replica for a request, among the usable replicas that have room. */
export class Picker {
  readonly #endpoints: Endpoints
  readonly #policy: Policy
  readonly #perReplica: number
  readonly #quarantine: Quarantine

  constructor({ endpoints, policy, perReplica, quarantine }: PickerOptions) {
    this.#endpoints = endpoints
    this.#policy = policy
    this.#perReplica = perReplica
    this.#quarantine = quarantine
  }

  /** A replica for the next try, preferably one that has not had the request. Undefined when none has room. */
  pick({ tried, write }: Itinerary): Endpoint | undefined {
    const { usable } = this.#endpoints
    if (tried.length === 0 && usable.length > 0) {
      const first = this.#policy.pick(usable)
      if (this.#hasRoom(first) && !(write && first.health.breaker.isForReads)) return first
    }
    const fresh = usable.filter((endpoint) => !tried.includes(endpoint))
    const fitting = fresh.length > 0 ? fresh : usable
    const proven = write ? fitting.filter(({ health }) => !health.breaker.isForReads) : fitting
    const available = (proven.length > 0 ? proven : fitting).filter((endpoint) => this.#hasRoom(endpoint))
    return available.length === 0 ? undefined : this.#policy.pick(available)
  }

  /** Whether any replica has room. */
  get hasCapacity(): boolean {
    return this.#endpoints.usable.some((endpoint) => this.#hasRoom(endpoint))
  }

  /** Whether a replica that has not had the request could take it now. */
  hasSpare({ tried }: Itinerary): boolean {
    return this.#endpoints.usable.some((endpoint) => !tried.includes(endpoint) && this.#hasRoom(endpoint))
  }

  /** Whether all replicas that may be picked have had the request. */
  isExhausted({ tried }: Itinerary): boolean {
    return this.#endpoints.usable.every((endpoint) => tried.includes(endpoint))
  }

  #hasRoom(endpoint: Endpoint): boolean {
    const { load, health, channel } = endpoint
    const { limit = Number.POSITIVE_INFINITY, isCongested = false } = channel
    if (isCongested || this.#quarantine.isHeld(endpoint)) return false
    if (load.inFlight === 0) return true
    return health.state !== 'probing' && load.inFlight < Math.min(limit, this.#perReplica)
  }
}
