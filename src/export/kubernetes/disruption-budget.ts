import type { KubernetesObject } from './object.js'
import { metadata, type Part, selector } from './part.js'

/** Draining nodes evicts one replica at a time; a single replica, or an unhealthy one, does not block the drain. */
export function disruptionBudget(part: Part): KubernetesObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadata(part),
    spec: {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: selector(part) },
    },
  }
}
