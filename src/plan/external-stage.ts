import { parseServiceName } from '../discovery/kubernetes/service-name.js'
import { MillraceError } from '../errors.js'
import type { ClientTls } from '../tls/client-tls.js'
import type { StageOptions, StageSettings } from './stage-settings.js'
import type { ExecutorSource } from './uses.js'

/** The address of a server of an external stage, and the shard that it serves. */
export interface ExternalAddress {
  readonly host: string
  readonly port: number
  readonly tls: boolean | ClientTls
  readonly shard: number
}

/** The servers of an external stage. @throws INVALID_OPTION, UNSUPPORTED */
export function resolveExternal(settings: StageSettings, name: string): readonly ExternalAddress[] {
  const hosts = settings.host ?? []
  const ports = settings.port ?? []
  if (hosts.length === 0 || ports.length === 0) {
    throw new MillraceError('INVALID_OPTION', `stage '${name}': an external stage needs host and port.`)
  }
  const count = Math.max(hosts.length, ports.length)
  if ((hosts.length !== count && hosts.length !== 1) || (ports.length !== count && ports.length !== 1)) {
    throw new MillraceError(
      'INVALID_OPTION',
      `stage '${name}': host and port must be lists of the same length, or one of them a single value; they have ${hosts.length} and ${ports.length}.`,
    )
  }
  const { shards, tls, discover } = settings
  if (count % shards !== 0) {
    throw new MillraceError(
      'INVALID_OPTION',
      `stage '${name}': ${count} servers cannot be divided evenly among ${shards} external shards. List the servers of shard 0 first, then the same number for shard 1, and so on.`,
    )
  }
  const isNamed = typeof tls === 'object' && typeof tls.serverName === 'string'
  if (tls !== false && discover !== 'static' && !isNamed) {
    throw new MillraceError(
      'UNSUPPORTED',
      `stage '${name}': servers found by discover: '${discover}' are dialled by their address, which no certificate names. Say which name their certificates have: tls: { serverName: 'NAME' }.`,
    )
  }
  const stranger = hosts.find((host) => discover === 'kubernetes' && parseServiceName(host) === undefined)
  if (stranger !== undefined) {
    throw new MillraceError(
      'INVALID_OPTION',
      `stage '${name}': with discover: 'kubernetes' host is the name of a Service, as in 'indexer.shop.svc', not '${stranger}'.`,
    )
  }
  return Array.from({ length: count }, (_, index) => ({
    host: hosts[hosts.length === 1 ? 0 : index]!,
    port: ports[ports.length === 1 ? 0 : index]!,
    tls,
    shard: Math.floor((index * shards) / count),
  }))
}

/** Refuses options that only the servers of an external stage can decide. */
export function refuseOwn(options: StageOptions, name: string): void {
  const given = (
    ['uses', 'image', 'replicas', 'shardId', 'usesBefore', 'usesAfter', 'dynamicBatching'] as const
  ).find((key) => options[key] !== undefined)
  if (given === undefined) return
  throw new MillraceError(
    'INVALID_OPTION',
    `stage '${name}': ${given} is not for an external stage, which runs elsewhere already. Leave out ${given}, or external.`,
  )
}

/** Refuses `gatheredBy` of a stage that Millrace starts. */
export function refuseGatheredBy({ gatheredBy }: StageSettings, name: string): void {
  if (gatheredBy === null) return
  throw new MillraceError(
    'INVALID_OPTION',
    `stage '${name}': gatheredBy is for external stages. Say usesAfter to have an Executor behind these shards.`,
  )
}

/** Refuses the options of external stages for a stage that Millrace starts. */
export function refuseAddress(settings: StageSettings, name: string): readonly [] {
  const given =
    settings.discover !== 'static' ||
    settings.forwardHeaders.length > 0 ||
    [settings.host, settings.port].some((list) => list !== null && list.length > 0)
  if (!given) return []
  throw new MillraceError(
    'INVALID_OPTION',
    `stage '${name}': host, port, discover and forwardHeaders are for external stages. Say external: true to use a server that runs already.`,
  )
}

/** Refuses `docarray` for Executors that speak both formats: those of Millrace. */
export function refuseDocarray(
  {
    docarray,
    external,
    source,
  }: Pick<StageSettings, 'docarray' | 'external'> & { readonly source: ExecutorSource },
  name: string,
): void {
  if (docarray === null || external || source.kind === 'python' || source.kind === 'image') return
  throw new MillraceError(
    'INVALID_OPTION',
    `stage '${name}': docarray says which documents a server or Executor of Jina takes, and this stage is neither: Millrace takes both v1 and v2. Leave docarray out, or say external: true.`,
  )
}
