import type { KubernetesObject } from './object.js'
import { metadata, type Part, selector } from './part.js'

/** Nodes that are emptied take one replica at a time; a part with a single one, or with a broken one, does not hold them up. */
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
