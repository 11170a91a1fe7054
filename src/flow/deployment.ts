import type { RolledOut, Scaled } from '../control/controlled.js'
import type { StageStatus } from '../control/status.js'
import { MillraceError } from '../errors.js'
import type { StageLoad } from '../gateway/events.js'
import type { StagePlan } from '../plan/flow-plan.js'
import { ReplicaSet, type ReplicaSetTools } from './replicas/replica-set.js'
import type { Replica } from './replicas/replica.js'
import { shardPlan } from './shard-plan.js'
import { stageStatus } from './status.js'

export interface ScaleOptions {
  /** Scale only this shard. Default: all shards. */
  readonly shard?: number | undefined
  onReady?(): void
}

/** A running stage: one replica set for each shard. */
export class Deployment {
  readonly plan: StagePlan
  readonly sets: readonly ReplicaSet[]

  constructor(plan: StagePlan, tools: ReplicaSetTools) {
    this.plan = plan
    this.sets = Array.from(
      { length: plan.shards },
      (_, shard) => new ReplicaSet(shardPlan(plan, shard), tools),
    )
  }

  get name(): string {
    return this.plan.name
  }

  /** Number of replicas of the shard with the fewest. */
  get replicas(): number {
    return Math.min(...this.sets.map(({ replicas }) => replicas))
  }

  get isFrozen(): boolean {
    return this.sets.every(({ isFrozen }) => isFrozen)
  }

  /** All replicas, including those that are starting, backing off or draining. */
  get all(): readonly Replica[] {
    return this.sets.flatMap(({ all }) => all)
  }

  /**
   * Scales every shard, or one, to `count` replicas; see `ReplicaSet.scale`. The result is that of the shard with the fewest.
   *
   * Rejects with START_FAILED or START_TIMEOUT when a replica does not start; every shard is scaled back then.
   */
  async scale(count: number, { shard, onReady }: ScaleOptions = {}): Promise<Scaled> {
    const sets = shard === undefined ? this.sets : this.sets.filter((_, index) => index === shard)
    const before = sets.map(({ replicas }) => replicas)
    const options = onReady === undefined ? {} : { onReady }
    const outcomes = await Promise.allSettled(sets.map((set) => set.scale(count, options)))
    const failure = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failure !== undefined) {
      const grown = sets.flatMap((set, index) =>
        outcomes[index]!.status === 'fulfilled' ? [set.scale(before[index]!)] : [],
      )
      await Promise.allSettled(grown)
      throw MillraceError.from(failure.reason, 'START_FAILED')
    }
    return leastOf(outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])))
  }

  /** Updates one shard after the other; see `ReplicaSet.rollingUpdate`. When a shard fails, earlier shards keep the new options. */
  async rollingUpdate(usesWith: StagePlan['usesWith']): Promise<RolledOut> {
    let replaced = 0
    let seconds = 0
    for (const set of this.sets) {
      const rolled = await set.rollingUpdate(usesWith)
      replaced += rolled.replaced
      seconds += rolled.seconds
    }
    return { replaced, seconds }
  }

  /** @param loads by name of the shard */
  status(loads: ReadonlyMap<string, StageLoad>): StageStatus {
    return stageStatus(this.plan, this.sets, loads)
  }

  freeze(): void {
    for (const set of this.sets) set.freeze()
  }

  async close(graceMs: number): Promise<void> {
    await Promise.all(this.sets.map((set) => set.close(graceMs)))
  }
}

function leastOf(scaled: readonly Scaled[]): Scaled {
  return {
    from: Math.min(...scaled.map(({ from }) => from)),
    to: Math.min(...scaled.map(({ to }) => to)),
    seconds: Math.max(...scaled.map(({ seconds }) => seconds)),
  }
}
