import type { ScaleRequest } from '../control/controlled.js'
import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import type { FlowPlan, StagePlan } from '../plan/flow-plan.js'

/** @throws INVALID_OPTION */
export function requireStages({ stages }: FlowPlan): void {
  if (stages.length > 0) return
  throw new MillraceError('INVALID_OPTION', 'This Flow has no stages. Add one with flow.add({ name, uses }).')
}

/** @throws NOT_FOUND */
export function stageNamed({ stages }: FlowPlan, name: string): StagePlan {
  const stage = stages.find((candidate) => candidate.name === name)
  if (stage !== undefined) return stage
  const names = stages.map((candidate) => candidate.name)
  const hint = nearest(name, names)
  const advice = hint === undefined ? `Stages: ${names.join(', ') || 'none'}.` : `Did you mean '${hint}'?`
  throw new MillraceError('NOT_FOUND', `There is no stage '${name}'. ${advice}`)
}

/** @throws INVALID_OPTION, UNSUPPORTED */
export function checkScale(stage: StagePlan, { replicas, shard }: ScaleRequest): void {
  checkReplicas(stage, replicas)
  if (shard !== undefined) checkShard(stage, shard)
}

function checkReplicas({ name, runtime, autoscale }: StagePlan, replicas: number): void {
  const { min, max } = autoscale ?? { min: 1, max: 1024 }
  if (!Number.isInteger(replicas) || replicas < min || replicas > max) {
    throw new MillraceError(
      'INVALID_OPTION',
      `scale('${name}'): replicas must be a whole number from ${min} to ${max}, not ${String(replicas)}.`,
    )
  }
  if (runtime === 'inline' && replicas !== 1) {
    throw new MillraceError(
      'UNSUPPORTED',
      `scale('${name}'): runtime 'inline' has one thread. Use 'thread' or 'process' for replicas.`,
    )
  }
}

function checkShard({ name, shards }: StagePlan, shard: number): void {
  if (Number.isInteger(shard) && shard >= 0 && shard < shards) return
  throw new MillraceError(
    'INVALID_OPTION',
    `scale('${name}'): shard must be a whole number from 0 to ${shards - 1}, not ${String(shard)}.`,
  )
}
