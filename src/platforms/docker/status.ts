import { countReady, sumCounts } from '../../control/counts.js'
import type { FlowStatus, PodState, PodStatus, StageStatus } from '../../control/status.js'
import { containerListeners } from '../../containers/container-listeners.js'
import { type Engine, hostOf } from '../../docker-engine/engine.js'
import type { FlowPlan, StagePlan } from '../../plan/flow-plan.js'
import { entryOf } from '../../plan/listeners.js'
import { addressOf, gatewayOf, gatewayView } from './gateway-view.js'
import { type Replica, replicasOf } from './replica.js'

/** Status of a Flow, from its gateway and from the engine's view of the containers. */
export async function statusOf(engine: Engine, plan: FlowPlan): Promise<FlowStatus> {
  const { name } = plan.settings
  const gateway = await gatewayOf(engine, name)
  const view = gateway === null ? null : await gatewayView(engine, gateway)
  // after the gateway, whose answer takes a moment in which a container may end
  const [replicas, facts] = await Promise.all([replicasOf(engine, name), gateway?.inspect()])
  const ports = facts?.ports ?? {}
  const stages = plan.stages.map((stage) =>
    stageStatus(
      stage,
      replicas.filter((replica) => replica.stage === stage.name),
      view?.stages.find((seen) => seen.name === stage.name),
    ),
  )
  const listeners = containerListeners(plan.settings).flatMap(({ protocols, port }) =>
    ports[port] === undefined
      ? []
      : [{ protocols, host: hostOf(engine), port: ports[port], tls: plan.settings.tls !== null }],
  )
  const port = listeners.length === 0 ? null : entryOf(listeners).port
  const { refusedByRate } = view ?? {}
  const refused = refusedByRate === undefined ? {} : { refusedByRate }
  return { name, on: 'docker', pid: null, port, listeners, ...refused, stages }
}

function stageStatus(
  plan: StagePlan,
  replicas: readonly Replica[],
  seen: StageStatus | undefined,
): StageStatus {
  if (replicas.length === 0) return seen ?? absent(plan)
  const byAddress = new Map((seen?.pods ?? []).map((pod) => [addressOf(pod.name), pod]))
  const pods = replicas.map((replica) => ({
    ...podStatus(replica, byAddress),
    shard: shardName(plan, replica.shard),
  }))
  const shards = [...new Set(replicas.map(({ shard }) => shard))].map((shard) => {
    const own = pods.filter((_, at) => replicas[at]!.shard === shard)
    const { asked = 0, failed = 0 } = seen?.shards[shard] ?? {}
    return { name: shardName(plan, shard), replicas: own.length, ready: countReady(own), asked, failed }
  })
  const dead = replicas.find(({ facts }) => facts.state !== 'running')
  return {
    name: plan.name,
    needs: plan.needs,
    runtime: 'docker',
    replicas: replicas.length,
    ready: countReady(pods),
    degraded:
      dead === undefined
        ? seen === undefined
          ? 'its gateway does not answer'
          : null
        : `${dead.facts.name} is ${dead.facts.state}, with exit code ${dead.facts.exitCode}`,
    ...sumCounts(seen === undefined ? [] : [seen]),
    shards,
    pods,
  }
}

function shardName({ name, shards }: StagePlan, shard: number): string {
  return shards > 1 ? `${name}/shard-${shard}` : name
}

function podStatus({ facts }: Replica, byAddress: ReadonlyMap<string, PodStatus>): PodStatus {
  const seen = Object.values(facts.addresses).flatMap((address) => byAddress.get(address) ?? [])[0]
  return {
    name: facts.name,
    pid: facts.pid > 0 ? facts.pid : null,
    state: podState(facts.state, seen),
    inFlight: seen?.inFlight ?? 0,
    latencyMs: seen?.latencyMs ?? null,
    answered: seen?.answered ?? null,
    failed: seen?.failed ?? null,
    restarts: facts.restarts,
    sinceMs: seen?.sinceMs ?? 0,
  }
}

function podState(state: string, seen: PodStatus | undefined): PodState {
  if (state === 'running') return seen?.state ?? 'starting'
  return state === 'created' ? 'starting' : 'backoff'
}

function absent({ name, needs }: StagePlan): StageStatus {
  const nothing = { replicas: 0, ready: 0, ...sumCounts([]), shards: [], pods: [] }
  return { name, needs, runtime: 'external', degraded: null, ...nothing }
}
