import type { Clock } from '../lib/clock.js'
import type { HostSource } from './host-source.js'
import { Api } from './kubernetes/api.js'
import type { Cluster } from './kubernetes/cluster.js'
import { EndpointWatch } from './kubernetes/endpoint-watch.js'
import { parseServiceName } from './kubernetes/service-name.js'
import { WatchedHosts } from './kubernetes/watched-hosts.js'
import type { Lookup } from './lookup.js'
import { PolledHosts } from './polled-hosts.js'

export interface SourceTools {
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly lookup: Lookup
  /** The cluster in which this process runs; null outside a cluster. */
  cluster(): Promise<Cluster | null>
  /** Logs a sentence. */
  say(sentence: string): void
}

/** How to discover the servers of a host. */
export type Discovery = 'dns' | 'kubernetes'

/** Creates sources of hosts, with one watch for all Services of a namespace. */
export function hostSources(tools: SourceTools): (host: string, discovery: Discovery) => HostSource {
  const watches = new Map<string, EndpointWatch>()
  const watchOf = (namespace: string): EndpointWatch => {
    const watch =
      watches.get(namespace) ?? new EndpointWatch(namespace, { ...tools, api: new Api(tools.cluster) })
    watches.set(namespace, watch)
    return watch
  }
  return (host, discovery) => {
    const polled = (): HostSource => new PolledHosts(host, tools)
    const name = discovery === 'kubernetes' ? parseServiceName(host) : undefined
    if (name === undefined) return polled()
    const { service, namespace } = name
    return new WatchedHosts(service, { watch: watchOf(namespace), clock: tools.clock, fallback: polled })
  }
}
