import type { HealthState } from '../balancer/health.js'
import type { HopTimes } from '../balancer/hops.js'
import { Pool } from '../balancer/pool.js'
import type { Handler } from '../call/call.js'
import type { Shard } from '../shards/shard.js'
import { Liveness } from './liveness.js'
import { shardName } from './shard-name.js'
import type { StageSpec } from './spec.js'
import { shardStack, type ShardStackTools } from './stack.js'

export interface ShardTools extends ShardStackTools {
  /** A request waits, and there is no replica. */
  onDemand?(shard: string): void
  /** The state of a replica has changed. */
  onState?(shard: string, pod: string, state: HealthState): void
  /** Where the hops of a shard are timed; default: nowhere. */
  hopTimes?(shard: string): HopTimes | undefined
  /** A replica does not answer pings; called every second. */
  onSilent?(shard: string, pod: string, silentMs: number): void
}

/** How long requests wait for a shard when discovery finds no server: replacing a shard's only pod takes seconds. */
const patienceMs = 60_000

/** One shard of a stage in the gateway: its replicas and their liveness checks. A stage that is not sharded has one shard. */
export class LiveShard implements Shard {
  /** `exec/shard-1`; the name of the stage when it has one shard. */
  readonly name: string
  readonly pool: Pool
  readonly handle: Handler
  readonly #liveness: Liveness | undefined

  constructor(spec: StageSpec, index: number, tools: ShardTools) {
    const { clock, random } = tools
    const { balance: policy, queue, timeoutSendMs, silentMs } = spec
    const name = shardName(spec.name, index, spec.shards)
    const onDemand = (): void => tools.onDemand?.(name)
    const onState = (pod: string, state: HealthState): void => tools.onState?.(name, pod, state)
    this.name = name
    const isFound = spec.external.some(({ discover }) => discover !== 'static')
    const patience = isFound ? { patienceMs } : {}
    this.pool = new Pool({
      stage: name,
      policy,
      queue,
      timeoutSendMs,
      clock,
      random,
      times: tools.hopTimes?.(name),
      onDemand,
      onState,
      ...patience,
    })
    this.handle = shardStack(spec, this.pool, tools)
    if (silentMs !== null) {
      const onSilent = (pod: string, ms: number): void => tools.onSilent?.(name, pod, ms)
      this.#liveness = new Liveness(this.pool, { silentMs, clock, onSilent })
    }
  }

  pressure(): number {
    return this.pool.pressure
  }

  async close(options: { readonly graceMs: number }): Promise<void> {
    this.#liveness?.close()
    await this.pool.close(options)
  }
}
