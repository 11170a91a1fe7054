import type { KubernetesObject } from './object.js'
import { metadata, type Part, selector } from './part.js'

export interface ControllerInit {
  readonly part: Part
  readonly template: object
  /** Null with an autoscaler: a number would overwrite its decision. */
  readonly replicas: number | null
  readonly timeoutReadyMs: number
}

/** For stateless pods; a rollout starts a new pod before it stops an old one. */
export function deployment({ part, template, replicas, timeoutReadyMs }: ControllerInit): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(part),
    spec: {
      ...(replicas !== null && { replicas }),
      selector: { matchLabels: selector(part) },
      progressDeadlineSeconds: progressSeconds(timeoutReadyMs),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template,
    },
  }
}

/** For pods with their own volumes; a rollout replaces them one by one, scaling starts and stops them in parallel. */
export function statefulSet(
  { part, template, replicas }: ControllerInit,
  claims: readonly object[],
): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: metadata(part),
    spec: {
      ...(replicas !== null && { replicas }),
      serviceName: part.name,
      selector: { matchLabels: selector(part) },
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate' },
      template,
      volumeClaimTemplates: claims,
    },
  }
}

/** The API accepts 32-bit integers. */
const longest = 2 ** 31 - 1

/** Progress deadline of a rollout, longer than a pod may take to start. */
function progressSeconds(timeoutReadyMs: number): number {
  const seconds = timeoutReadyMs < 0 ? longest : Math.ceil(timeoutReadyMs / 1000) + 60
  return Math.min(longest, Math.max(600, seconds))
}
