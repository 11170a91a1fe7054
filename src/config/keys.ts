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
      /** Has no effect unless the option is set. Default false. */
      readonly isRefinement?: boolean
    }
  /** A key of Jina whose values are names; each stands for members of an option. */
  | {
      readonly kind: 'names'
      readonly option: string
      readonly members: ReadonlyMap<string, Readonly<Record<string, unknown>>>
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
const aliases = { ports: 'port', protocols: 'protocol', host_in: 'host', monitoring: 'metrics' }

const both =
  'log_config quiet_error suppress_root_logging reload proxy monitoring port_monitoring metrics metrics_exporter_host ' +
  'metrics_exporter_port tracing traces_exporter_host traces_exporter_port ' +
  'expose_graphql_endpoint uvicorn_kwargs grpc_channel_options grpc_server_options ' +
  'timeout_ctrl workspace_id compression docker_kwargs entrypoint'

/** Jina's options of HTTP. Those of a stage are for Executors that serve HTTP, which are external here. */
const ofHttp: readonly [string, Key][] = [
  ['title', { kind: 'member', option: 'http', member: 'title', isOpposite: false }],
  ['description', { kind: 'member', option: 'http', member: 'description', isOpposite: false }],
  ['cors', { kind: 'member', option: 'http', member: 'cors', isOpposite: false }],
  ['expose_endpoints', { kind: 'member', option: 'http', member: 'expose', isOpposite: false }],
  ['no_crud_endpoints', { kind: 'member', option: 'http', member: 'crudEndpoints', isOpposite: true }],
  ['no_debug_endpoints', { kind: 'member', option: 'http', member: 'debugEndpoints', isOpposite: true }],
]

/** Jina's port of `monitoring`, which by itself does not turn it on. */
const ofMetrics: readonly [string, Key][] = [
  [
    'port_monitoring',
    { kind: 'member', option: 'metrics', member: 'port', isOpposite: false, isRefinement: true },
  ],
]

/** Jina's collector of traces, which by itself does not turn them on. Here it takes OTLP over HTTP and not over gRPC. */
const ofTracing: readonly [string, Key][] = [
  [
    'traces_exporter_host',
    { kind: 'member', option: 'tracing', member: 'host', isOpposite: false, isRefinement: true },
  ],
  [
    'traces_exporter_port',
    { kind: 'member', option: 'tracing', member: 'port', isOpposite: false, isRefinement: true },
  ],
]

/** Jina's presets of logging (jina.md 8.4). Its `quiet` has no handler, so that nothing is written. */
const ofLogs: readonly [string, Key][] = [
  [
    'log_config',
    {
      kind: 'names',
      option: 'log',
      members: new Map<string, Readonly<Record<string, unknown>>>([
        ...['default', 'plain', 'docker', 'remote', 'profile'].map((name) => [name, {}] as const),
        ['json', { format: 'json' }],
        ['quiet', { level: 'silent' }],
      ]),
    },
  ],
]

const ofFlows = 'asyncio reuse_session replicas'

const ofStages =
  'quiet output_array_type disable_auto_volume force_update install_requirements native ' +
  'force_network_mode prefer_platform k8s_namespace noblock_on_start protocol protocols'

/** Jina's options of TLS, with paths of files. */
const ofTls: readonly [string, Key][] = [
  ['ssl_certfile', { kind: 'member', option: 'tls', member: 'cert', isOpposite: false }],
  ['ssl_keyfile', { kind: 'member', option: 'tls', member: 'key', isOpposite: false }],
]

/** Ignoring these would serve without TLS, send requests without credentials, or lose consensus on state. */
const refusedStages =
  'ssl_certfile ssl_keyfile grpc_metadata stateful peer_ports raft_configuration provider provider_endpoint uses_before_address uses_after_address connection_list'

export type KeyTable = ReadonlyMap<string, Key>

/** Keys of `with:` of a Flow. */
export const flowKeys: KeyTable = new Map([
  ...named(both, 'without-effect'),
  ...named(ofFlows, 'without-effect'),
  ...ofHttp,
  ...ofMetrics,
  ...ofTracing,
  ...ofLogs,
  ...ofTls,
  ...options(Object.keys(flowOptions)),
])

/** Keys of `gateway:`; options of pods have no effect there. */
export const gatewayKeys: KeyTable = new Map([...flowKeys, ...named('name env workspace', 'without-effect')])

/** Keys of a stage, and of `with:` of a Deployment. */
export const stageKeys: KeyTable = new Map([
  ...named(both, 'without-effect'),
  ...named(ofHttp.map(([key]) => key).join(' '), 'without-effect'),
  ...named(ofStages, 'without-effect'),
  ...named(refusedStages, 'refused'),
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
