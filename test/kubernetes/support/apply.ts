import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Flow } from 'millrace'
import { inject } from 'vitest'
import type { Said } from './kubectl.js'
import type { Namespace } from './namespace.js'

/** The folder that the image of the tests was built from. */
export const project = path.resolve(import.meta.dirname, '../../fixtures/project')

/** An Executor that returns its host name. */
export const echo = `${path.join(project, 'executors.mjs')}#Echo`

/** Exports a Flow and applies it, as a user does. Resolves with the output of kubectl when all pods are ready. */
export async function apply(
  namespace: Namespace,
  flow: Flow<string>,
  options: Parameters<Flow<string>['toKubernetes']>[1] = {},
): Promise<Said> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-exported-'))
  try {
    await flow.toKubernetes(folder, {
      namespace: namespace.name,
      image: inject('image'),
      project,
      storage: '64Mi',
      ...options,
    })
    const said = await namespace.kubectl('apply', '--kustomize', folder)
    await namespace.ready()
    return said
  } finally {
    await rm(folder, { recursive: true })
  }
}
