/**
 * The replicas of one shard.
 *
 * 1. No two of them have the same index, and with it the same name; one that drains still has its own.
 * 2. After `freeze()` none is made, and those that start, rest or die are ended.
 */
import { MillraceError } from '../../errors.js'
import type { ReplicaLoad } from '../../gateway/events.js'
import type { Outlooks } from '../healing/outlooks.js'
import { Replica, type ReplicaTools } from './replica.js'
import { leavingOrder } from '../scaling/leaving.js'
import type { ShardPlan } from '../shard-plan.js'

export interface FleetTools extends Omit<ReplicaTools, 'changed'> {
  /** Name of the shard. */
  readonly stage: string
  /** Milliseconds that requests in flight on a replica that goes may take. */
  readonly graceMs: number
  readonly outlooks: Outlooks
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

  /** All that there are, those that start, rest or drain too. */
  get all(): readonly Replica[] {
    return [...this.#replicas.values()]
  }

  /** Those that nobody has ended. */
  get staying(): readonly Replica[] {
    return this.all.filter(({ isEnding }) => !isEnding)
  }

  /** Those that stay, in the order in which they should go. */
  async leaving(): Promise<readonly Replica[]> {
    const loads = await this.#loads()
    return leavingOrder(this.staying, loads)
  }

  /** One more, which is not started yet. @throws CANCELLED after `freeze()` */
  create(plan: ShardPlan): Replica {
    this.checkOpen()
    let index = 0
    while (this.#replicas.has(index)) index++
    const replica = new Replica(plan, index, { ...this.#tools, changed: () => this.settle() })
    this.#replicas.set(index, replica)
    return replica
  }

  /** One more that takes requests. Rejects with why it does not start, and then there is none more. */
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

  /** Takes one away; what is in flight there may end. Never rejects. */
  async end(replica: Replica, graceMs: number = this.#tools.graceMs): Promise<void> {
    await replica.end({ graceMs })
    if (this.#replicas.get(replica.index) === replica) this.#replicas.delete(replica.index)
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

  /** Something about a replica, or all of them, has changed. */
  settle(): void {
    if (this.#isFrozen) {
      for (const replica of this.staying) if (!replica.running) void this.end(replica)
    }
    this.#tools.outlooks.settle(this.staying, this.#isFrozen)
  }

  async #loads(): Promise<readonly ReplicaLoad[]> {
    try {
      const stages = await (await this.#tools.gateway).status()
      return stages.find(({ name }) => name === this.#tools.stage)?.replicas ?? []
    } catch {
      return [] // a gateway that is gone: then nothing is loaded
    }
  }
}
