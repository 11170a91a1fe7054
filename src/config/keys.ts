import { flowOptions } from '../plan/flow-settings.js'
import { stageOptions } from '../plan/stage-settings.js'

/** Meaning of a YAML key. */
export type Key =
  | { readonly kind: 'option'; readonly option: string }
  /** `no_reduce: true` is `reduce: false`. */
  | { readonly kind: 'opposite'; readonly option: string }
  /** A key of Jina for a member of an option; `no_crud_endpoints: true` is `http: { crudEndpoints: false }`. */
  | {
      readonly kind: 'member'
      readonly option: string
      readonly member: string
      readonly isOpposite: boolean
    }
  /** A key of Jina that may be ignored. */
  | { readonly kind: 'without-effect' }
  /** A key of Jina that must not be ignored, because the Flow would then behave differently. */
  | { readonly kind: 'refused' }

/** Jina's names that are not ours in snake_case. */
const renamed = {
  timeout_send: 'timeoutSendMs',
  timeout_ready: 'timeoutReadyMs',
  uses_dynamic_batching: 'dynamicBatching',
}
/** Jina's aliases. */
const aliases = { ports: 'port', protocols: 'protocol', host_in: 'host' }

const both =
  'log_config quiet_error suppress_root_logging reload proxy monitoring port_monitoring metrics metrics_exporter_host ' +
  'metrics_exporter_port tracing traces_exporter_host traces_exporter_port title description ' +
  'expose_graphql_endpoint uvicorn_kwargs grpc_channel_options grpc_server_options ' +
  'timeout_ctrl workspace_id compression docker_kwargs entrypoint'

/** Jina's options of HTTP. Those of a stage are for Executors that serve HTTP, which are external here. */
const ofHttp: readonly [string, Key][] = [
  ['cors', { kind: 'member', option: 'http', member: 'cors', isOpposite: false }],
  ['expose_endpoints', { kind: 'member', option: 'http', member: 'expose', isOpposite: false }],
  ['no_crud_endpoints', { kind: 'member', option: 'http', member: 'crudEndpoints', isOpposite: true }],
  ['no_debug_endpoints', { kind: 'member', option: 'http', member: 'debugEndpoints', isOpposite: true }],
]

const ofFlows = 'inspect asyncio reuse_session replicas tls'

const ofStages =
  'quiet allow_concurrent output_array_type disable_auto_volume force_update install_requirements native ' +
  'force_network_mode prefer_platform k8s_namespace noblock_on_start protocol protocols'

/** Ignoring these would serve without TLS, send requests without credentials, or lose consensus on state. */
const refusedBoth = 'ssl_certfile ssl_keyfile'
const refusedStages =
  'grpc_metadata stateful peer_ports raft_configuration provider provider_endpoint uses_before_address uses_after_address connection_list'

export type KeyTable = ReadonlyMap<string, Key>

/** Keys of `with:` of a Flow. */
export const flowKeys: KeyTable = new Map([
  ...named(both, 'without-effect'),
  ...named(ofFlows, 'without-effect'),
  ...named(refusedBoth, 'refused'),
  ...ofHttp,
  ...options(Object.keys(flowOptions)),
])

/** Keys of `gateway:`; options of pods have no effect there. */
export const gatewayKeys: KeyTable = new Map([...flowKeys, ...named('name env workspace', 'without-effect')])

/** Keys of a stage, and of `with:` of a Deployment. */
export const stageKeys: KeyTable = new Map([
  ...named(both, 'without-effect'),
  ...named(ofHttp.map(([key]) => key).join(' '), 'without-effect'),
  ...named(ofStages, 'without-effect'),
  ...named(`${refusedBoth} ${refusedStages}`, 'refused'),
  ...options(Object.keys(stageOptions)),
  ['no_reduce', { kind: 'opposite', option: 'reduce' }],
  ['disable_reduce', { kind: 'opposite', option: 'reduce' }],
])

/** The YAML key of an option: Jina's name where it has one. */
export function keyOf(option: string): string {
  const [own] = Object.entries(renamed).find(([, to]) => to === option) ?? []
  return own ?? snake(option)
}

/** `timeoutSendMs` → `timeout_send_ms` */
function snake(option: string): string {
  return option.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** Every option by its own name, its name in snake_case, and Jina's name. */
function options(names: readonly string[]): [string, Key][] {
  const entry = (key: string, option: string): [string, Key] => [key, { kind: 'option', option }]
  return [
    ...names.flatMap((name) => [entry(name, name), entry(snake(name), name)]),
    ...Object.entries({ ...renamed, ...aliases }).flatMap(([key, option]) =>
      names.includes(option) ? [entry(key, option)] : [],
    ),
  ]
}

function named(words: string, kind: 'without-effect' | 'refused'): [string, Key][] {
  return words.split(' ').map((word) => [word, { kind }])
}
