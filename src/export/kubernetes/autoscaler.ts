import type { Autoscale } from '../../plan/resilience.js'
import type { StagePlan } from '../../plan/flow-plan.js'
import type { KubernetesObject } from './object.js'
import { metadata, type Part } from './part.js'

/** Of what a container asked for; of a processor where it asked for nothing. */
const busy = { percent: 70, cpu: '700m' }
/** Seconds; more is refused. */
const longestWindow = 3600

/**
 * Replicas by the processor time they take: a cluster does not know requests in flight, so `target` has no say. At least
 * one, because only those that exist are counted.
 */
export function autoscaler(
  part: Part,
  controller: KubernetesObject,
  { autoscale, resources }: { readonly autoscale: Autoscale; readonly resources: StagePlan['resources'] },
): KubernetesObject {
  const { min, max, upDelayMs, downDelayMs } = autoscale
  const asksForCpu = (resources.requests?.cpu ?? resources.limits?.cpu) !== undefined
  const target = asksForCpu
    ? { type: 'Utilization', averageUtilization: busy.percent }
    : { type: 'AverageValue', averageValue: busy.cpu }
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: metadata(part),
    spec: {
      scaleTargetRef: { apiVersion: controller.apiVersion, kind: controller.kind, name: part.name },
      minReplicas: Math.max(1, min),
      maxReplicas: max,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }],
      behavior: {
        scaleUp: { stabilizationWindowSeconds: windowSeconds(upDelayMs) },
        scaleDown: { stabilizationWindowSeconds: windowSeconds(downDelayMs) },
      },
    },
  }
}

function windowSeconds(delayMs: number): number {
  return Math.min(longestWindow, Math.ceil(delayMs / 1000))
}
