import type { Holder } from '../workspace/holder.js'
import type { GatewayHandle } from '../gateway/host.js'
import type { Logger } from '../observe/logger.js'
import { printLine } from '../observe/standard-error.js'
import type { FlowPlan, StagePlan } from '../plan/flow-plan.js'
import { startPod } from '../pods/index.js'
import type { Pod } from '../pods/pod.js'
import { Deployment } from './deployment.js'
import { podKind } from './pod-kind.js'
import { podSpec } from './pod-spec.js'
import type { ShardPlan } from './shard-plan.js'

/** Deployments by stage name. */
export type Deployments = ReadonlyMap<string, Deployment>

/** Dependencies shared by the deployments of a Flow. */
interface DeploymentParts {
  readonly gateway: Promise<GatewayHandle>
  readonly holder: Holder | null
  readonly logger: Logger
  /** Called after a replica has changed. */
  changed(): void
}

/** Creates a deployment for each stage whose pods this Flow runs; starts nothing. */
export function createDeployments(
  plan: FlowPlan,
  { gateway, holder, logger, changed }: DeploymentParts,
): Deployments {
  const { settings } = plan
  const own = plan.stages.filter((stage) => stage.source.kind !== 'pass-through')
  const deployments: Deployments = new Map(
    own.map((stage) => [
      stage.name,
      new Deployment(stage, {
        gateway,
        logger,
        changed,
        graceMs: settings.graceMs,
        timeoutReadyMs: stage.timeoutReadyMs ?? settings.timeoutReadyMs,
        startPod: (wanted, index, signal) =>
          startReplica(plan, wanted, {
            index,
            holder,
            signal,
            isClosing: () => deployments.get(stage.name)!.isFrozen,
          }),
      }),
    ]),
  )
  return deployments
}

/** A stage with `min: 0` starts with one replica, so that a start failure shows at once and its endpoints are known. */
export function replicasAtStart({ replicas }: StagePlan): number {
  return Math.max(1, replicas)
}

interface ReplicaParts {
  readonly index: number
  readonly holder: Holder | null
  readonly signal: AbortSignal
  isClosing(): boolean
}

function startReplica(
  flow: FlowPlan,
  stage: ShardPlan,
  { index, holder, signal, isClosing }: ReplicaParts,
): Promise<Pod> {
  const { source, replicas } = stage
  const executorClass = 'executorClass' in source ? source.executorClass : null
  const options = { signal, isClosing, onLine: printLine, ...(executorClass !== null && { executorClass }) }
  return startPod(podKind(stage), podSpec(flow, stage, { index, replicas, holder }), options)
}
