import { type BatchSummary, batchSummaries } from '../../control/batches.js'
import { shownCounts } from '../../control/counts.js'
import { type PodRate, podKey } from '../../control/rates.js'
import type { FlowStatus, PodStatus, ShardStatus, StageStatus } from '../../control/status.js'

/** A stage as it is shown. Rates are requests a second; null while they are not known. */
export interface StageView {
  readonly name: string
  readonly runtime: StageStatus['runtime']
  readonly health: 'whole' | 'reduced' | 'down' | 'unknown'
  readonly ready: number
  readonly replicas: number
  readonly degraded: string | null
  readonly rate: number | null
  readonly failedRate: number | null
  /** Null where nobody counts the requests of its replicas. */
  readonly inFlight: number | null
  readonly restarts: number
  /** Counters that are not 0, with their names. */
  readonly counters: readonly (readonly [name: string, count: number])[]
  readonly batches: readonly BatchSummary[]
  readonly shards: readonly ShardView[]
  /** How many shards it has if it can be scaled; 0 if it cannot. */
  readonly scalableShards: number
}

export interface ShardView {
  readonly name: string
  readonly ready: number
  readonly replicas: number
  /** Share of the requests that it answered; null where it is not counted. */
  readonly coverage: number | null
  readonly failed: number
  readonly pods: readonly PodView[]
}

export interface PodView extends PodStatus {
  /** Without the names of the stage and the shard: `rep-1`. */
  readonly shortName: string
  readonly rate: number | null
  /** Whether it takes requests, may again without help, or does not. */
  readonly health: 'good' | 'changing' | 'bad'
}

const podHealth: Readonly<Record<PodStatus['state'], PodView['health']>> = {
  ready: 'good',
  starting: 'changing',
  probing: 'changing',
  draining: 'changing',
  backoff: 'bad',
  ejected: 'bad',
  silent: 'bad',
  lost: 'bad',
}

export function stageView(
  flow: FlowStatus,
  stage: StageStatus,
  rates: ReadonlyMap<string, PodRate>,
): StageView {
  const { name, runtime, ready, replicas, degraded, pods } = stage
  const known = pods.flatMap((pod) => rates.get(podKey(flow, pod)) ?? [])
  const sum = (count: (rate: PodRate) => number): number | null =>
    known.length === 0 ? null : total(known.map(count))
  const isOwn = runtime !== 'external' && runtime !== 'pass-through'
  return {
    ...{ name, runtime, ready, replicas, degraded },
    health: healthOf(stage),
    rate: sum(({ answeredPerSecond }) => answeredPerSecond),
    failedRate: sum(({ failedPerSecond }) => failedPerSecond),
    inFlight: pods.length > 0 && !pods.some(isCounted) ? null : total(pods.map(({ inFlight }) => inFlight)),
    restarts: total(pods.map(({ restarts }) => restarts)),
    counters: shownCounts(stage),
    batches: batchSummaries(pods),
    shards: shardsOf(stage).map(([shard, own]) =>
      shardView(
        shard,
        own.map((pod) => podView(pod, rates.get(podKey(flow, pod)))),
      ),
    ),
    scalableShards: isOwn ? Math.max(1, stage.shards.length) : 0,
  }
}

function healthOf({ runtime, ready, replicas, degraded }: StageStatus): StageView['health'] {
  if (runtime === 'pass-through') return 'unknown'
  if (ready >= replicas && degraded === null) return 'whole'
  return ready === 0 && replicas > 0 ? 'down' : 'reduced'
}

/** The pods of each shard. */
function shardsOf({
  name,
  ready,
  replicas,
  shards,
  pods,
}: StageStatus): [ShardStatus, readonly PodStatus[]][] {
  const [only = { name, ready, replicas, asked: 0, failed: 0 }, ...more] = shards
  if (more.length === 0) return pods.length === 0 ? [] : [[only, pods]]
  return shards.map((one) => [
    one,
    pods.filter(({ name: pod, shard }) =>
      shard === undefined ? pod.startsWith(`${one.name}/`) : shard === one.name,
    ),
  ])
}

/** Whether the gateway tells of its requests. */
export function isCounted({ answered }: PodStatus): boolean {
  return answered !== null
}

function shardView(
  { name, ready, replicas, asked, failed }: ShardStatus,
  pods: readonly PodView[],
): ShardView {
  return { name, ready, replicas, coverage: asked > 0 ? 1 - failed / asked : null, failed, pods }
}

function podView(pod: PodStatus, rate: PodRate | undefined): PodView {
  const shortName = pod.name.slice(pod.name.lastIndexOf('/') + 1)
  return {
    ...pod,
    shortName,
    rate: rate?.answeredPerSecond ?? null,
    health: podHealth[pod.state] ?? 'changing',
  }
}

function total(all: readonly number[]): number {
  return all.reduce((sum, each) => sum + each, 0)
}
