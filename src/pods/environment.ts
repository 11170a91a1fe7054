import type { PodSpec } from './pod.js'

/**
 * The environment of a pod: the program's, and the option `env` of its stage. Not `NODE_TEST_CONTEXT`: with it `node --test`
 * makes a test file report to its runner on standard output, and a pod that loads the file for its Executor would do so too.
 */
export function inheritedEnvironment({ env }: Pick<PodSpec, 'env'>): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  return { ...inherited, ...env }
}
