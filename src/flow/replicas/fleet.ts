/**
 * The replicas of one shard.
 *
 * 1. No two replicas have the same index (and so the same name); a draining replica keeps its index.
 * 2. After `freeze()` no replica is created, and replicas that are starting, backing off or dying are ended.
 */
import { MillraceError } from '../../errors.js'
import type { ReplicaLoad } from '../../gateway/events.js'
import type { StageHealth } from '../healing/stage-health.js'
import { Replica, type ReplicaTools } from './replica.js'
import { leavingOrder } from '../scaling/leaving.js'
import type { ShardPlan } from '../shard-plan.js'

export interface FleetTools extends Omit<ReplicaTools, 'changed'> {
  /** Name of the shard. */
  readonly stage: string
  /** Milliseconds that requests in flight on a leaving replica may take. */
  readonly graceMs: number
  readonly health: StageHealth
  /** Called after a replica has changed its phase, or the fleet its replicas. */
  readonly changed?: (() => void) | undefined
}

export class Fleet {
  readonly #tools: FleetTools
  /** Oldest first. */
  readonly #replicas = new Map<number, Replica>()
  #isFrozen = false

  constructor(tools: FleetTools) {
    this.#tools = tools
    this.settle()
  }

  get isFrozen(): boolean {
    return this.#isFrozen
  }

  /** All replicas, including those that are starting, backing off or draining. */
  get all(): readonly Replica[] {
    return [...this.#replicas.values()]
  }

  /** Replicas on which `end()` was not called. */
  get staying(): readonly Replica[] {
    return this.all.filter(({ isEnding }) => !isEnding)
  }

  /** The same replicas, in the order in which they should leave. */
  async leaving(): Promise<readonly Replica[]> {
    const loads = await this.#loads()
    return leavingOrder(this.staying, loads)
  }

  /** Adds a replica without starting it. @throws CANCELLED after `freeze()` */
  create(plan: ShardPlan): Replica {
    this.checkOpen()
    let index = 0
    while (this.#replicas.has(index)) index++
    const replica = new Replica(plan, index, { ...this.#tools, changed: () => this.settle() })
    this.#replicas.set(index, replica)
    return replica
  }

  /** Adds a replica and waits until it is admitted. Rejects with the reason when it does not start; it is removed then. */
  async start(plan: ShardPlan): Promise<Replica> {
    const replica = this.create(plan)
    try {
      await replica.open()
      return replica
    } catch (error) {
      await this.end(replica)
      throw error
    }
  }

  /** Removes a replica after its requests in flight have ended, at most `graceMs`. Never rejects. */
  async end(replica: Replica, graceMs: number = this.#tools.graceMs): Promise<void> {
    await replica.end({ graceMs })
    if (this.#replicas.get(replica.index) !== replica) return
    this.#replicas.delete(replica.index)
    this.#tools.changed?.()
  }

  freeze(): void {
    this.#isFrozen = true
    this.settle()
  }

  /** @throws CANCELLED after `freeze()` */
  checkOpen(): void {
    if (!this.#isFrozen) return
    throw new MillraceError('CANCELLED', `The Flow was closed before '${this.#tools.stage}' had changed.`)
  }

  /** Call after any change of a replica's phase. */
  settle(): void {
    if (this.#isFrozen) {
      for (const replica of this.staying) if (!replica.running) void this.end(replica)
    }
    this.#tools.health.settle(this.staying, this.#isFrozen)
    this.#tools.changed?.()
  }

  async #loads(): Promise<readonly ReplicaLoad[]> {
    try {
      const stages = await (await this.#tools.gateway).status()
      return stages.find(({ name }) => name === this.#tools.stage)?.replicas ?? []
    } catch {
      return [] // the gateway has closed: there is no load
    }
  }
}
