import type { Description } from '../call/call.js'
import { MillraceError } from '../errors.js'
import type { Background } from '../topology/background.js'
import { inOrder } from '../topology/graph.js'
import { visits } from '../topology/stage.js'
import { mergeDescriptions } from './describe.js'
import type { StageLoad } from './events.js'
import type { MeasuredPod } from './metrics/pod-metrics.js'
import { undescribed } from './refusals.js'
import type { LiveShard } from './shard.js'
import type { GatewaySpec } from './spec.js'
import { LiveStage, type StageTools } from './stage.js'

/** A shard and its stage. */
interface StageShard {
  readonly stage: LiveStage
  readonly shard: LiveShard
}

/** All stages of a running gateway, and what is known of them together. */
export class LiveStages {
  /** In the order in which requests visit them. */
  readonly list: readonly LiveStage[]
  readonly #shards: ReadonlyMap<string, StageShard>

  /** @throws INVALID_OPTION, UNSUPPORTED */
  constructor({ stages }: Pick<GatewaySpec, 'stages'>, tools: Omit<StageTools, 'serves'>) {
    const serves = (name: string, endpoint: string): boolean | undefined => this.#serves(name, endpoint)
    this.list = inOrder(stages).map((stage) => new LiveStage(stage, { ...tools, serves }))
    this.#shards = new Map(
      this.list.flatMap((stage) => stage.shards.map((shard) => [shard.name, { stage, shard }])),
    )
  }

  /** A shard by its name (`exec/shard-1`), which is that of the stage when it has one shard. @throws NOT_FOUND */
  find(name: string): StageShard {
    const found = this.#shards.get(name)
    if (found !== undefined) return found
    const known = [...this.#shards.keys()].join(', ')
    throw new MillraceError('NOT_FOUND', `There is no stage ${name}; there are: ${known}.`)
  }

  /** Imports the modules of their reduce functions. Rejects with MODULE_NOT_FOUND or EXPORT_NOT_FOUND. */
  async open(): Promise<void> {
    await Promise.all(this.list.map((stage) => stage.open()))
  }

  /**
   * What all stages serve together. A peer asks once per connection and keeps the answer, so this throws while pods are still
   * starting. @throws UNAVAILABLE
   */
  describe(): Description {
    const descriptions = this.list.flatMap((stage) => {
      if (!stage.isKnown) throw undescribed(stage.name)
      const { description } = stage
      if (description === undefined) return []
      const writeEndpoints = description.endpoints.filter((endpoint) => stage.isWrite(endpoint))
      return { ...description, writeEndpoints }
    })
    return mergeDescriptions(descriptions)
  }

  /** Whether an Executor lists this endpoint. */
  isListed(endpoint: string): boolean {
    return this.list.some((stage) => stage.endpoints()?.has(endpoint) === true)
  }

  /** The load of every shard. `background`: work that no answer waits for. */
  loads(background: Background): readonly StageLoad[] {
    return this.list.flatMap((stage) => stage.load(background.counts(stage.name)))
  }

  pods(): readonly MeasuredPod[] {
    return this.list.flatMap(({ name: stage, shards }) =>
      shards.flatMap(({ pool }) =>
        pool.endpoints.all().map(({ name: pod, channel }) => ({ stage, pod, channel })),
      ),
    )
  }

  /** From now on no request waits in a pod for a batch to fill. */
  flush(): void {
    for (const { pool } of this.list.flatMap(({ shards }) => shards))
      for (const { channel } of pool.endpoints.all()) channel.flush?.()
  }

  async close(options: { readonly graceMs: number }): Promise<void> {
    await Promise.all(this.list.map((stage) => stage.close(options)))
  }

  /** Whether a request for the endpoint visits the stage; undefined while the stage has not described itself. */
  #serves(name: string, endpoint: string): boolean | undefined {
    const stage = this.list.find((one) => one.name === name)
    if (stage === undefined) return false
    return stage.isKnown ? visits(stage, endpoint, undefined) : undefined
  }
}
