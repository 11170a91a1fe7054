import type { StagePlan } from '../plan/flow-plan.js'

/** Whether all replicas of a shard must have one workspace, as far as it is known here. */
export function sharesWorkspace({ sharedWorkspace, source }: StagePlan): boolean {
  if (sharedWorkspace !== null) return sharedWorkspace
  const executorClass = source.kind === 'module' || source.kind === 'class' ? source.executorClass : null
  return executorClass?.sharedWorkspace === true
}

/** Maximum number of replicas of a shard. */
export function mostReplicas({ replicas, autoscale }: StagePlan): number {
  return autoscale?.max ?? replicas
}
