import type { Description, Handler } from '../call/call.js'
import type { Clock } from '../lib/clock.js'
import { placement } from '../shards/placement.js'
import { Tally } from '../shards/tally.js'
import type { Reduce } from '../shards/reduce.js'
import type { BackgroundCounts } from '../topology/background.js'
import { compileCondition, type Condition } from '../topology/condition.js'
import type { GraphStage } from '../topology/layout.js'
import { catchAll } from '../topology/stage.js'
import { isWriteByName } from '../wire/write-endpoints.js'
import type { StageLoad } from './events.js'
import { Reducers, type ReducerTools } from './reducers.js'
import { LiveShard, type ShardTools } from './shard.js'
import type { StageSpec } from './spec.js'
import { stageStack } from './stack.js'

export interface StageTools extends Omit<ShardTools, 'isWrite'>, ReducerTools {
  readonly clock: Clock
}

/** One stage of a running gateway: its shards, its stack of layers, and what it serves. */
export class LiveStage implements GraphStage {
  readonly spec: StageSpec
  readonly when: Condition | undefined
  readonly shards: readonly [LiveShard, ...LiveShard[]]
  readonly handle: Handler
  readonly endpoints = (): ReadonlySet<string> | undefined => this.#endpoints
  readonly #descriptions = new Map<string, Description>()
  readonly #reducers: Reducers
  readonly #tally = new Tally()
  #endpoints: ReadonlySet<string> | undefined

  constructor(spec: StageSpec, tools: StageTools) {
    const isWrite = (endpoint: string): boolean => this.isWrite(endpoint)
    const shard = (index: number): LiveShard => new LiveShard(spec, index, { ...tools, isWrite })
    this.spec = spec
    this.when = spec.when === null ? undefined : compileCondition(spec.when)
    this.shards = [shard(0), ...Array.from({ length: spec.shards - 1 }, (_, index) => shard(index + 1))]
    this.#reducers = new Reducers(spec, tools, () => this.description ?? {})
    const { name: stage, polling } = spec
    const { shards } = this
    const place = placement(spec.key, spec.shards)
    const reduce = this.#reducers.of
    // a single shard also needs the reduce when the stage limits the number of matches
    const isSharded = spec.shards > 1 || this.#reducers.cuts
    const common = { stage, shards, polling, place, rules: spec, isWrite, reduce, clock: tools.clock }
    this.handle = stageStack(spec, this.shards[0], {
      sharding: isSharded ? { ...common, tally: this.#tally } : null,
    })
  }

  get name(): string {
    return this.spec.name
  }

  get needs(): readonly string[] {
    return this.spec.needs
  }

  get floating(): boolean {
    return this.spec.floating
  }

  get join(): Reduce {
    return this.#reducers.join
  }

  get joinsChanges(): boolean {
    return this.spec.reduce.kind === 'changes'
  }

  get passThrough(): boolean {
    return this.spec.passThrough
  }

  /** The description of the first of its replicas. */
  get description(): Description | undefined {
    return this.#descriptions.values().next().value
  }

  /** Whether it is known which endpoints it serves. */
  get isKnown(): boolean {
    return this.passThrough || this.description !== undefined
  }

  /** Imports the module of its reduce function. Rejects with MODULE_NOT_FOUND or EXPORT_NOT_FOUND. */
  open(): Promise<void> {
    return this.#reducers.open()
  }

  /** The load of each shard. `background`: requests to the stage that no answer waits for. */
  load({ running, failed }: BackgroundCounts): readonly StageLoad[] {
    return this.shards.map(({ name, pool }, index) => ({
      name,
      ...pool.load(),
      ...this.#tally.of(name),
      backgroundRunning: index === 0 ? running : 0,
      backgroundFailed: index === 0 ? failed : 0,
    }))
  }

  /** Stores the description of a pod of any of its shards. */
  describe(pod: string, description: Description): void {
    this.#descriptions.set(pod, description)
    this.#settle()
  }

  /** A pod was unlisted. The last description stays: without any pod, the endpoints served before are the better answer. */
  forget(pod: string): void {
    if (this.#descriptions.size > 1) this.#descriptions.delete(pod)
    this.#settle()
  }

  async close(options: { readonly graceMs: number }): Promise<void> {
    await Promise.all(this.shards.map((shard) => shard.close(options)))
  }

  /**
   * An endpoint that the description lists is a write if it is listed as one; for external servers, and for endpoints that
   * only `/default` serves, the name decides as well.
   */
  isWrite(endpoint: string): boolean {
    const { description } = this
    if (description?.writeEndpoints.includes(endpoint)) return true
    const ownWord = this.spec.external.length === 0 && description?.endpoints.includes(endpoint) === true
    if (ownWord) return false
    return isWriteByName(endpoint) || description?.writeEndpoints.includes(catchAll) === true
  }

  /** A peer that lists no endpoints does not support discovery, and gets requests for all endpoints (jina.md 4.4). */
  #settle(): void {
    const lists = [...this.#descriptions.values()].map(({ endpoints }) => endpoints)
    this.#endpoints = lists.some((list) => list.length === 0) ? undefined : new Set(lists.flat())
  }
}
