import { Pool } from '../../src/balancer/pool.js'
import type { Handler } from '../../src/call/call.js'
import { Liveness } from '../../src/gateway/liveness.js'
import { type StageSpec, unsharded } from '../../src/gateway/spec.js'
import { shardStack, stageStack } from '../../src/gateway/stack.js'
import type { Clock } from '../../src/lib/clock.js'
import type { Contender } from './contenders.js'
import type { Ledger } from './ledger.js'
import { seeded } from './random.js'
import { Replica, type Traits } from './replica.js'
import { serviceMs } from './service-time.js'

export interface FleetOptions {
  readonly clock: Clock
  readonly seed: number
  readonly ledger: Ledger
  readonly contender: Contender
  readonly queue?: Partial<StageSpec['queue']>
  readonly timeoutSendMs?: number
}

/** Presets of the option `queue`. */
const presetQueue: StageSpec['queue'] = {
  maxRequests: 1000,
  maxBytes: 256 * 1024 * 1024,
  maxWaitMs: 2000,
  perReplica: 1000,
}

/** One stage of a gateway (its real pool, retries, hedges and liveness) with virtual replicas. */
export class Fleet {
  readonly pool: Pool
  readonly handle: Handler
  readonly #options: FleetOptions
  readonly #queue: StageSpec['queue']
  readonly #liveness: Liveness
  readonly #replicas = new Map<string, Replica>()

  constructor(options: FleetOptions) {
    const { clock, seed, contender, timeoutSendMs = null } = options
    const { policy, breaker, hedge } = contender
    const random = seeded(seed)
    this.#options = options
    this.#queue = { ...presetQueue, ...options.queue }
    const spec: StageSpec = {
      name: 'exec',
      needs: ['gateway'],
      floating: false,
      when: null,
      passThrough: false,
      balance: 'power-of-two',
      timeoutSendMs,
      retries: -1,
      maxLostReplicas: 2,
      hedge,
      queue: this.#queue,
      silentMs: 5000,
      external: [],
      flow: null,
      forwardHeaders: [],
      ...unsharded,
    }
    const { queue } = spec
    this.pool = new Pool({ stage: spec.name, policy, breaker, queue, timeoutSendMs, clock, random })
    this.pool.expect({ expecting: true, why: '' })
    const { pool } = this
    const only = {
      name: spec.name,
      handle: shardStack(spec, pool, { clock, random, isWrite: () => false }),
      pressure: () => pool.pressure,
    }
    this.handle = stageStack(spec, only, { sharding: null })
    this.#liveness = new Liveness(this.pool, { silentMs: 5000, clock, onSilent: () => {} })
  }

  get names(): readonly string[] {
    return [...this.#replicas.keys()]
  }

  replica(name: string): Replica | undefined {
    return this.#replicas.get(name)
  }

  /** Adds a replica of that name. */
  start(name: string, given: Partial<Traits> = {}): Replica {
    const { clock, ledger, seed, contender } = this.#options
    const replica = new Replica({
      clock,
      capacity: this.#queue.perReplica,
      window: contender.window,
      traits: { manner: 'works', slowness: () => 1, isBad: false, ...given },
      began: (request, isBad) => serviceMs(seed, request, ledger.tried(request, isBad)),
      released: (request) => ledger.released(request),
    })
    this.#replicas.set(name, replica)
    this.pool.add(name, replica)
    return replica
  }

  /** Kills a replica; a new one of that name is added after `backMs`. */
  async kill(name: string, backMs: number): Promise<void> {
    const replica = this.#replicas.get(name)
    if (replica === undefined) return
    replica.die()
    await this.pool.remove(name, { graceMs: 0 })
    this.#options.clock.after(backMs, () => this.start(name, replica.traits))
  }

  /** Drains a replica: it gets no more requests, and ends when it has answered its requests. */
  async end(name: string, graceMs: number): Promise<void> {
    this.#replicas.delete(name)
    await this.pool.remove(name, { graceMs })
  }

  close(): void {
    this.#liveness.close()
  }
}
