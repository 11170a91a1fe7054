import type { KubeConfig } from '@kubernetes/client-node'
import { existsSync } from 'node:fs'
import { MillraceError } from '../../../errors.js'
import type { ClusterOptions } from '../options.js'

export type Library = typeof import('@kubernetes/client-node')

/** Loads the client library, an optional peer dependency of 72 MB. @throws MODULE_NOT_FOUND with the command to install it */
export async function loadLibrary(): Promise<Library> {
  try {
    return await import('@kubernetes/client-node')
  } catch (error) {
    throw new MillraceError(
      'MODULE_NOT_FOUND',
      'Millrace speaks to Kubernetes with @kubernetes/client-node, which is not installed or cannot be loaded: npm install @kubernetes/client-node@1.4.0',
      { cause: error },
    )
  }
}

type Chosen = Pick<ClusterOptions, 'context' | 'kubeconfig'>

/** Reads the kubeconfig that kubectl would use, and selects the context. @throws INVALID_OPTION */
export function readKubeconfig(library: Library, { context, kubeconfig }: Chosen): KubeConfig {
  const config = new library.KubeConfig()
  try {
    if (kubeconfig === null) config.loadFromDefault()
    else config.loadFromFile(kubeconfig)
  } catch (cause) {
    throw new MillraceError(
      'INVALID_OPTION',
      `The kubeconfig ${pathOf(kubeconfig)} cannot be read: ${(cause as Error).message}. Name another one: kubeconfig, or the variable KUBECONFIG.`,
      { cause },
    )
  }
  if (isMadeUp(config)) {
    throw new MillraceError(
      'INVALID_OPTION',
      'There is no kubeconfig: neither the option kubeconfig nor the variable KUBECONFIG names one, there is none at ~/.kube/config, and this is no pod of a cluster.',
    )
  }
  if (context !== null) config.setCurrentContext(context)
  checkContext(config, pathOf(kubeconfig))
  return config
}

/** Path of the kubeconfig, for messages. */
export function pathOf(kubeconfig: string | null): string {
  if (kubeconfig !== null) return kubeconfig
  if (process.env.KUBECONFIG) return process.env.KUBECONFIG
  return existsSync('/var/run/secrets/kubernetes.io/serviceaccount/token') ? 'of this pod' : '~/.kube/config'
}

/** True for the default that the library uses when it finds no kubeconfig. */
function isMadeUp(config: KubeConfig): boolean {
  return (
    config.currentContext === 'loaded-context' &&
    config.getCurrentCluster()?.server === 'http://localhost:8080'
  )
}

function checkContext(config: KubeConfig, file: string): void {
  const { currentContext } = config
  const names = config.contexts.map(({ name }) => name)
  const known = `It has: ${names.join(', ') || 'none'}.`
  if (!currentContext) {
    throw new MillraceError(
      'INVALID_OPTION',
      `The kubeconfig ${file} has no current context. Name one: context (--context). ${known}`,
    )
  }
  if (config.getContextObject(currentContext) === null) {
    throw new MillraceError(
      'INVALID_OPTION',
      `The kubeconfig ${file} has no context '${currentContext}'. ${known}`,
    )
  }
  const cluster = config.getCurrentCluster()
  if (cluster === null || !cluster.server) {
    throw new MillraceError(
      'INVALID_OPTION',
      `The kubeconfig ${file} says no server for the context '${currentContext}'.`,
    )
  }
  if (cluster.server.startsWith('http:') && !cluster.skipTLSVerify) {
    throw new MillraceError(
      'INVALID_OPTION',
      `The kubeconfig ${file} names ${cluster.server}, without TLS. Say insecure-skip-tls-verify: true there if that is meant.`,
    )
  }
}
