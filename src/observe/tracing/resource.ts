import type { Attributes } from './span-values.js'

/** Variables that Jina reads too, and what they are called in OpenTelemetry (jina.md 7.2). */
const ofKubernetes: Readonly<Record<string, string>> = {
  K8S_NAMESPACE_NAME: 'k8s.namespace.name',
  K8S_DEPLOYMENT_NAME: 'k8s.deployment.name',
  K8S_STATEFULSET_NAME: 'k8s.statefulset.name',
  K8S_CLUSTER_NAME: 'k8s.cluster.name',
  K8S_NODE_NAME: 'k8s.node.name',
  K8S_POD_NAME: 'k8s.pod.name',
}

/** Which service spans come from. */
export interface ServiceNames {
  /** Name of the Flow; null when it is not known. */
  readonly flow: string | null
  /** Name of the pod, as in Jina: `exec/rep-0`, `gateway/rep-0`. */
  readonly pod: string
}

/**
 * The attributes of a process, of its own names, `K8S_*`, and `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`, which win.
 */
export function resourceAttributes({ flow, pod }: ServiceNames, env: NodeJS.ProcessEnv): Attributes {
  const kubernetes = Object.entries(ofKubernetes).flatMap(([variable, name]) => {
    const value = env[variable]
    return value === undefined || value === '' ? [] : [[name, value] as const]
  })
  const { OTEL_SERVICE_NAME: service } = env
  return {
    'service.name': pod,
    ...(flow !== null && { 'service.namespace': flow }),
    'telemetry.sdk.name': 'millrace',
    'telemetry.sdk.language': 'nodejs',
    'process.pid': process.pid,
    ...Object.fromEntries(kubernetes),
    ...given(env.OTEL_RESOURCE_ATTRIBUTES ?? ''),
    ...(service !== undefined && service !== '' && { 'service.name': service }),
  }
}

/** `a=1,b=2`, with escapes of URLs in the values. A list that cannot be read is left out as a whole, as OpenTelemetry says. */
function given(list: string): Attributes {
  const entries = list.split(',').filter((entry) => entry.trim() !== '')
  try {
    return Object.fromEntries(
      entries.map((entry) => {
        const at = entry.indexOf('=')
        if (at < 1) throw new Error('no name')
        return [entry.slice(0, at).trim(), decodeURIComponent(entry.slice(at + 1).trim())]
      }),
    )
  } catch {
    return {}
  }
}
