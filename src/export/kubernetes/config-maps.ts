import type { KubernetesObject } from './object.js'
import { metadata, type Part } from './part.js'

/** Environment of a part, imported as a whole by its containers. */
export function environmentMap(part: Part, env: Readonly<Record<string, string>>): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(part, '-configmap'), data: env }
}

/** Files of a part, by name. */
export function filesMap(part: Part, files: Readonly<Record<string, string>>): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(part, '-files'), data: files }
}
