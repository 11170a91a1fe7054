import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import type { BatchFigures } from '../observe/batch-figures.js'
import type { Channel } from '../transport/transport.js'
import type { BreakerRules } from './breaker.js'
import { ExitTracker } from './exit-tracker.js'
import { Health } from './health.js'
import { Load } from './load.js'

/** One replica as the balancer sees it. */
export interface Endpoint {
  /** Name of the pod, `exec/rep-0`. */
  readonly name: string
  /** For messages: `host:port` of an external peer, else the name. */
  readonly label: string
  readonly channel: Channel
  readonly load: Load
  readonly health: Health
  readonly exitTracker: ExitTracker
  /** What it had measured of its batches when it last answered a ping. */
  batches: readonly BatchFigures[]
}

export interface EndpointOptions {
  /** For messages; default: its name. */
  readonly label?: string
  /** Whether `ExitTracker.exited` will be called when the replica exits. Default false. */
  readonly reportsExit?: boolean
}

/** At most this share of all replicas is ejected at once; of two replicas, one. */
const ejectedShare = 0.5

/**
 * Which replicas of one stage exist, and which of them may be picked.
 *
 * 1. `usable` is recomputed when something changes, never per request.
 * 2. Silent and ejected replicas are not usable, unless there are no others: a bad replica is better than none.
 * 3. At most half of the replicas are ejected at once: when all fail, the cause is elsewhere.
 */
export class Endpoints {
  readonly #clock: Clock
  readonly #changed: (endpoint: Endpoint | undefined) => void
  readonly #rules: Partial<BreakerRules>
  readonly #byName = new Map<string, Endpoint>()
  #usable: readonly Endpoint[] = []

  /**
   * `changed` is called after `usable` was recomputed, with the replica whose state changed, if that is the reason. `rules`
   * override when a replica is ejected.
   */
  constructor(
    clock: Clock,
    changed: (endpoint: Endpoint | undefined) => void = () => {},
    rules: Partial<BreakerRules> = {},
  ) {
    this.#clock = clock
    this.#changed = changed
    this.#rules = rules
  }

  get usable(): readonly Endpoint[] {
    return this.#usable
  }

  get size(): number {
    return this.#byName.size
  }

  /** @throws INVALID_NAME when the name is in use */
  add(name: string, channel: Channel, { label = name, reportsExit = false }: EndpointOptions = {}): Endpoint {
    if (this.#byName.has(name)) throw new MillraceError('INVALID_NAME', `There is a replica ${name} already.`)
    const clock = this.#clock
    const health = new Health({
      clock,
      mayEject: () => this.#mayEject(),
      changed: () => this.#settle(endpoint),
      rules: this.#rules,
    })
    const joinsOthers = this.all().some(({ load }) => load.averageMs !== null)
    const endpoint: Endpoint = {
      name,
      label,
      channel,
      load: new Load({ clock, warmsUp: joinsOthers }),
      health,
      exitTracker: new ExitTracker(reportsExit),
      batches: [],
    }
    this.#byName.set(name, endpoint)
    this.#settle()
    void channel.leaving.then(() => health.lose()) // never rejects, by contract
    return endpoint
  }

  /** Removes a replica from the list; its requests in flight go on. Undefined when there is no replica of that name. */
  unlist(name: string): Endpoint | undefined {
    const endpoint = this.#byName.get(name)
    endpoint?.health.breaker.close()
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

  #mayEject(): boolean {
    const states = this.all()
      .map(({ health }) => health.state)
      .filter((state) => state !== 'lost')
    const bad = states.filter((state) => state !== 'ready').length
    const most = Math.max(Math.floor(states.length * ejectedShare), 1)
    return bad < Math.min(most, states.length - 1)
  }

  #settle(endpoint?: Endpoint): void {
    const connected = this.all().filter(({ health }) => health.state !== 'lost')
    const good = connected.filter(({ health: { state } }) => state === 'ready' || state === 'probing')
    this.#usable = good.length > 0 ? good : connected
    this.#changed(endpoint)
  }
}
