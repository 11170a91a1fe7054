import type { Autoscale } from '../../plan/resilience.js'
import type { StagePlan } from '../../plan/flow-plan.js'
import type { KubernetesObject } from './object.js'
import { metadata, type Part } from './part.js'

/** Target CPU utilization, relative to the container's request, or to one CPU without a request. */
const busy = { percent: 70, cpu: '700m' }
/** Seconds; the API refuses more. */
const longestWindow = 3600

/**
 * Scales by CPU utilization: a cluster does not know requests in flight, so `target` is ignored. At least one replica, because
 * only existing pods are measured.
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
