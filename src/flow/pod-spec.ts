import { runsNatively } from '../executor/typescript.js'
import { defaultWorkspace } from '../workspace/default-workspace.js'
import type { Holder } from '../workspace/holder.js'
import type { FlowPlan } from '../plan/flow-plan.js'
import { parseVolume } from '../plan/container.js'
import type { PodContainer, PodSpec } from '../pods/pod.js'
import { pythonOf } from './python.js'
import type { ShardPlan } from './shard-plan.js'

/** What one replica of a stage runs, as plain data. */
export function podSpec(
  flow: FlowPlan,
  stage: ShardPlan,
  replica: { readonly index: number; readonly replicas: number; readonly holder: Holder | null },
): PodSpec {
  const name = `${stage.pods}/rep-${replica.index}`
  const { source } = stage
  return {
    name,
    deployment: stage.name,
    replica: replica.index,
    env: { ...flow.settings.env, ...stage.env },
    timeoutReadyMs: stage.timeoutReadyMs ?? flow.settings.timeoutReadyMs,
    container: containerOf(flow, stage),
    python: pythonOf(flow, stage),
    executor: {
      module: source.kind === 'module' ? source.url : null,
      otherModules: source.kind === 'module' ? source.otherUrls : [],
      nativeTypeScript: runsNatively(),
      className: source.kind === 'module' ? source.className : null,
      usesWith: stage.usesWith,
      usesMetas: stage.usesMetas,
      usesRequests: stage.usesRequests,
      dynamicBatching: stage.dynamicBatching,
      workspace: stage.workspace ?? flow.settings.workspace,
      defaultWorkspace: defaultWorkspace(flow.settings.name, stage.name),
      holder: replica.holder,
      maxConcurrency: stage.maxConcurrency,
      allowConcurrent: stage.allowConcurrent,
      capacity: stage.queue.perReplica,
      exitOnExceptions: stage.exitOnExceptions,
      metrics: flow.settings.metrics !== null,
      tracing: flow.settings.tracing,
      podName: name,
      deployment: stage.name,
      flow: stage.flow ?? flow.settings.name,
      replica: replica.index,
      replicas: replica.replicas,
      shardId: stage.part?.shardId ?? stage.shardId,
      shards: stage.part?.shards ?? stage.shards,
    },
  }
}

/** Container settings; undefined when the pods are not containers. */
function containerOf({ settings }: FlowPlan, stage: ShardPlan): PodContainer | undefined {
  const { source, volumes, gpus, resources, envFromSecret } = stage
  if (source.kind !== 'image') return undefined
  return {
    image: source.image,
    flow: settings.name,
    volumes: volumes.map((written) => parseVolume(written)!),
    gpus,
    resources,
    envFromSecret,
    graceMs: settings.graceMs,
    maxMessageBytes: settings.maxMessageBytes,
    requestLimits: settings.requestLimits,
  }
}
