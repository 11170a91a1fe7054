import type { KubernetesObject } from './object.js'
import { metadata, type Part, selector } from './part.js'

export interface ControllerInit {
  readonly part: Part
  readonly template: object
  /** Null when an autoscaler decides: to say a number would undo what it did. */
  readonly replicas: number | null
  readonly timeoutReadyMs: number
}

/** Pods that keep nothing; a new one is ready before an old one goes. */
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

/** Pods each of which keeps volumes of its own; they are replaced one by one, all started and ended at once. */
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

/** A whole number of 32 bits. */
const longest = 2 ** 31 - 1

/** A rollout counts as stuck after this; never before a pod may have taken its time to start. */
function progressSeconds(timeoutReadyMs: number): number {
  const seconds = timeoutReadyMs < 0 ? longest : Math.ceil(timeoutReadyMs / 1000) + 60
  return Math.min(longest, Math.max(600, seconds))
}
