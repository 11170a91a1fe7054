import { inject } from 'vitest'
import type { Namespace } from './namespace.js'
import { project } from './apply.js'

/** Options of `flow.start()` for a namespace in the cluster of the tests. */
export function onKubernetes(namespace: Namespace) {
  return {
    on: 'kubernetes',
    namespace: namespace.name,
    kubeconfig: inject('kubeconfig'),
    image: inject('image'),
    project,
    storage: '64Mi',
  } as const
}
