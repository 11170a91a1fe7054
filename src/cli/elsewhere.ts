import { type AttachOptions, type PlatformName, platformNames } from '../platforms/index.js'
import { given } from './option-values.js'
import { UsageError } from './usage-error.js'

/** Options of commands for Flows of this machine and on a platform. */
export const elsewhereArguments = {
  flow: { type: 'string' },
  on: { type: 'string' },
  namespace: { type: 'string' },
  context: { type: 'string' },
  kubeconfig: { type: 'string' },
} as const

/** Their part of a help page. */
export const elsewhereHelp = `  --flow      which one: its name, the process id of its program, or the path of
              its control socket
  --on        where it runs: localhost (the default), docker or kubernetes
  --namespace, --context, --kubeconfig
              which Flow of which cluster; default: as kubectl chooses`

interface Values {
  readonly on?: string | undefined
  readonly flow?: string | undefined
  readonly namespace?: string | undefined
  readonly context?: string | undefined
  readonly kubeconfig?: string | undefined
}

/** The platform of a command; null for local processes. @throws UsageError */
export function elsewhere({ on, flow, namespace, context, kubeconfig }: Values): AttachOptions | null {
  const cluster = { namespace, context, kubeconfig }
  if (on === undefined || on === 'localhost') {
    const [name] = Object.keys(given(cluster))
    if (name === undefined) return null
    throw new UsageError(`--${name} is of a cluster. Say --on kubernetes with it.`)
  }
  const platform = platformOf(on)
  if (platform === 'docker') {
    const [name] = Object.keys(given(cluster))
    if (name !== undefined) throw new UsageError(`--${name} is of a cluster, and not for --on docker.`)
    return { on: platform, ...given({ name: flow }) }
  }
  if (flow !== undefined)
    throw new UsageError('--flow is not for --on kubernetes: a namespace has one Flow. Say --namespace.')
  return { on: platform, ...given(cluster) }
}

/** @throws UsageError */
export function platformOf(on: string): PlatformName {
  const platform = platformNames.find((name) => name === on)
  if (platform !== undefined) return platform
  throw new UsageError(`--on must be localhost, ${platformNames.join(' or ')}, not '${on}'.`)
}
