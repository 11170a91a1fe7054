import type { Profiled } from '../control/controlled.js'
import { MillraceError } from '../errors.js'
import type { GatewayHandle } from '../gateway/host.js'
import { nearest } from '../lib/nearest.js'
import type { ProfileOrder } from '../observe/profile/profile-order.js'
import type { StagePlan } from '../plan/flow-plan.js'
import type { Deployments } from './deployments.js'

interface Parts {
  readonly gateway: Pick<GatewayHandle, 'profile'>
  readonly deployments: Deployments
  readonly stages: readonly Pick<StagePlan, 'name'>[]
}

/** The target that is the gateway; no stage has this name. */
const gatewayTarget = 'gateway'

/**
 * Profiles a replica or the gateway.
 *
 * @param target `gateway`, a replica (`exec/rep-0`, `exec/shard-1/rep-0`), or a stage or shard: then its first running replica
 *
 * Rejects with NOT_FOUND for an unknown target, UNSUPPORTED for a stage without pods of Node on this machine, UNAVAILABLE when no
 * replica runs or the one chosen exits, and what `takeProfile` throws.
 */
export async function profileTarget(target: string, order: ProfileOrder, parts: Parts): Promise<Profiled> {
  const { gateway, deployments, stages } = parts
  if (target === gatewayTarget) {
    await gateway.profile(order)
    return { pod: gatewayTarget }
  }
  const [name = ''] = target.split('/')
  const deployment = deployments.get(name)
  if (deployment === undefined) throw withoutPods(name, stages)
  const replicas = deployment.all.filter((one) => one.name === target || one.name.startsWith(`${target}/`))
  if (replicas.length === 0) {
    const names = deployment.all.map((one) => one.name).join(', ')
    throw new MillraceError(
      'NOT_FOUND',
      `There is no replica '${target}'. The replicas of '${name}': ${names}.`,
    )
  }
  const chosen = replicas.find(({ running }) => running)
  if (chosen === undefined || chosen.pod === null)
    throw new MillraceError(
      'UNAVAILABLE',
      `${replicas.map((one) => one.name).join(', ')}: none runs now. Try again.`,
    )
  await chosen.pod.profile(order)
  return { pod: chosen.name }
}

function withoutPods(name: string, stages: Parts['stages']): MillraceError {
  if (stages.some((stage) => stage.name === name))
    return new MillraceError(
      'UNSUPPORTED',
      `Stage '${name}' has no replicas of its own to profile: it has no uses, or is external. Profile it where it runs.`,
    )
  const names = [gatewayTarget, ...stages.map((stage) => stage.name)]
  const hint = nearest(name, names)
  const advice = hint === undefined ? `There are: ${names.join(', ')}.` : `Did you mean '${hint}'?`
  return new MillraceError('NOT_FOUND', `There is no stage '${name}'. ${advice}`)
}
