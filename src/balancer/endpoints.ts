import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import type { Channel } from '../transport/transport.js'
import { Load } from './load.js'
import { Readiness } from './ready.js'

/** One replica as the balancer sees it. */
export interface Endpoint {
  /** Name of the pod, `exec/rep-0`. */
  readonly name: string
  /** For messages: `host:port` of an external peer, else the name. */
  readonly label: string
  readonly channel: Channel
  readonly load: Load
  readonly readiness: Readiness
}

/**
 * Which replicas of one stage exist. `ready` is made new when the set changes, never per request.
 */
export class Endpoints {
  readonly #clock: Clock
  readonly #byName = new Map<string, Endpoint>()
  #ready: readonly Endpoint[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Those that may be picked. */
  get ready(): readonly Endpoint[] {
    return this.#ready
  }

  /** @throws INVALID_NAME when the name is in use */
  add(name: string, channel: Channel, label: string = name): Endpoint {
    if (this.#byName.has(name)) throw new MillraceError('INVALID_NAME', `There is a replica ${name} already.`)
    const readiness = new Readiness(() => this.#settle())
    const endpoint: Endpoint = { name, label, channel, load: new Load({ clock: this.#clock }), readiness }
    this.#byName.set(name, endpoint)
    this.#settle()
    void channel.closed.then(() => readiness.lost()) // never rejects, by contract
    return endpoint
  }

  /** Takes it off the list at once; what is in flight there goes on. Undefined when there is none of that name. */
  unlist(name: string): Endpoint | undefined {
    const endpoint = this.#byName.get(name)
    this.#byName.delete(name)
    this.#settle()
    return endpoint
  }

  get(name: string): Endpoint | undefined {
    return this.#byName.get(name)
  }

  all(): readonly Endpoint[] {
    return [...this.#byName.values()]
  }

  #settle(): void {
    this.#ready = [...this.#byName.values()].filter(({ readiness }) => readiness.ready)
  }
}
