import { type ProtocolName, protocolNames } from '../gateway/protocols/names.js'
import type { FlowOptions } from '../plan/flow-settings.js'
import type { StageOptions } from '../plan/stage-settings.js'
import { expandLists, parseArguments, positional } from './arguments.js'
import type { Command } from './command.js'
import { stagesOf, parseAddress } from './gateway-graph.js'
import { rateLimitOf, trustProxyOf } from './gateway-callers.js'
import { given, numberOption, objectOption } from './option-values.js'
import { untilInterrupted } from './until-interrupted.js'
import { UsageError } from './usage-error.js'

const options = {
  'graph-description': { type: 'string' },
  'deployments-addresses': { type: 'string' },
  name: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string', multiple: true },
  discover: { type: 'boolean' },
  'forward-headers': { type: 'string', multiple: true },
  'timeout-send': { type: 'string' },
  retries: { type: 'string' },
  prefetch: { type: 'string' },
  'grace-ms': { type: 'string' },
  'token-file': { type: 'string' },
  'token-env': { type: 'string' },
  'token-verify': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'tls-ca': { type: 'string' },
  'client-certificate': { type: 'string' },
  'rate-per-second': { type: 'string' },
  'rate-burst': { type: 'string' },
  'rate-by': { type: 'string' },
  'trust-proxy': { type: 'string', multiple: true },
  routes: { type: 'string' },
  'ssl-certfile': { type: 'string' },
  'ssl-keyfile': { type: 'string' },
  quiet: { type: 'boolean' },
  uses: { type: 'string' },
  protocol: { type: 'string', multiple: true },
  'expose-endpoints': { type: 'string' },
  'k8s-namespace': { type: 'string' },
  'port-monitoring': { type: 'string' },
  native: { type: 'boolean' },
} as const

/** Explains the options that say which stages there are. */
const stagesHelp = `  --graph-description
             which stage follows which: {"start-gateway":["encoder"],
             "encoder":["indexer"],"indexer":["end-gateway"]}; [] is floating
  --deployments-addresses
             where each stage is, its replicas: {"encoder":["a:8080","b:8080"],
             "indexer":["grpcs://indexer.example:443"]}`

export const gateway: Command = {
  summary: 'Runs a gateway in front of servers that run elsewhere',
  options,
  help: `Usage: millrace gateway --graph-description JSON --deployments-addresses JSON
                        [--port N…] [--protocol P…] [--host HOST] …

A gateway alone, with the arguments of Jina's: where Jina exports a Flow, it can
take the place of Jina's gateway. Where Millrace exports one, the gateway runs
'millrace flow' on a file instead, which has more options.

${stagesHelp}
  --port     0, the default, lets the system choose; one for each protocol
  --protocol GRPC, the default, HTTP or WEBSOCKET; several
  --host     interface to bind; default: 0.0.0.0

All options, such as those of TLS, tokens, rates, proxies and retries:
millrace help gateway all

Example: millrace gateway --graph-description '{"start-gateway":["a"],
           "a":["end-gateway"]}' --deployments-addresses '{"a":["h:8081"]}'`,
  fullHelp: `Usage: millrace gateway --graph-description JSON --deployments-addresses JSON
                        [--port N…] [--protocol P…] [--host HOST] [--name NAME]
                        [--discover] [--forward-headers NAME…]
                        [--timeout-send MS] [--retries N] [--prefetch N]
                        [--grace-ms N]
                        [--token-file FILE | --token-env NAME |
                         --token-verify MODULE]
                        [--tls-cert FILE --tls-key FILE]
                        [--tls-ca FILE --client-certificate require|request]
                        [--rate-per-second N [--rate-burst N] [--rate-by KEY]]
                        [--trust-proxy PROXY…] [--routes MODULE]

A gateway alone, with the arguments of Jina's: where Jina exports a Flow, it can
take the place of Jina's gateway. Where Millrace exports one,
the gateway runs 'millrace flow' on a file instead, which has more options.

${stagesHelp}
  --discover every address is a name with one or more servers behind it, which
             is looked up every second
  --forward-headers
             headers of clients that the servers get, by name, or all; default:
             trace context only
  --port     0, the default, lets the system choose; one for each protocol
  --protocol GRPC, the default, HTTP or WEBSOCKET; several
  --host     interface to bind; default: 0.0.0.0
  --token-file, --token-env, --token-verify
             clients must send a token of this file or environment variable, or
             one that the function of this module accepts (./auth.js#check)

  --tls-cert, --tls-key
             TLS with this certificate and key, PEM files; as --ssl-certfile and
             --ssl-keyfile of Jina
  --tls-ca, --client-certificate
             clients must, or may, have a certificate of these authorities
  --rate-per-second, --rate-burst, --rate-by
             each caller has so many requests a second, and so many at once after
             a pause; a caller is an address, which is the default, a token, or
             header:NAME
  --trust-proxy
             addresses and networks of proxies in front of the gateway, whose
             X-Forwarded-* headers are believed; or their number; or true
  --routes   a module with routes of Fastify (./routes.js); needs HTTP

Further arguments that Jina's exports write are taken and have no effect:
--uses GRPCGateway, HTTPGateway or WebSocketGateway, --expose-endpoints,
--k8s-namespace, --port-monitoring, --native.

Example: millrace gateway --port 8080
           --graph-description '{"start-gateway":["a"],"a":["end-gateway"]}'
           --deployments-addresses '{"a":["127.0.0.1:8081","127.0.0.1:8082"]}'`,
  async run(args) {
    const { flow, stages } = parseGateway(args)
    await untilInterrupted(async () => {
      // imported on demand: other commands do not need it
      const { Flow } = await import('../flow/flow.js')
      return stages.reduce((built, stage) => built.add(stage), new Flow<string>(flow))
    })
  },
}

/** Parses a command line to a Flow of external stages. @throws UsageError */
export function parseGateway(args: readonly string[]): {
  readonly flow: FlowOptions
  readonly stages: readonly StageOptions<string>[]
} {
  const { values: all, positionals } = parseArguments(
    expandLists(args, ['port', 'protocol', 'forward-headers', 'trust-proxy']),
    options,
  )
  const {
    port: ports,
    protocol: protocols,
    'forward-headers': headers,
    'trust-proxy': proxies,
    ...values
  } = all
  positional(positionals)
  checkKind(values.uses, ['GRPCGateway', 'HTTPGateway', 'WebSocketGateway', 'CompositeGateway'], 'uses')
  const protocol = protocols?.map(protocolNamed)
  const graph = objectOption(values, 'graph-description')
  const addresses = objectOption(values, 'deployments-addresses') ?? {}
  if (graph === undefined) throw new UsageError('--graph-description is missing.')
  const { name = 'gateway', host, quiet, discover = false } = values
  return {
    flow: {
      name,
      // as in Jina's exports, where 0 means all interfaces
      ...given({ host: host === '0' ? '0.0.0.0' : host, quiet }),
      ...given({
        protocol,
        port: ports?.map((port) => numberOption({ port }, 'port')!),
        graceMs: numberOption(values, 'grace-ms'),
      }),
      ...given({ timeoutSendMs: numberOption(values, 'timeout-send') }),
      ...given({ prefetch: numberOption(values, 'prefetch') }),
      ...authOf(values),
      ...tlsOf(values),
      ...rateLimitOf(values),
      ...given({ trustProxy: trustProxyOf(proxies) }),
      ...(values.routes !== undefined && { http: { routes: values.routes } }),
    },
    stages: stagesOf(graph).map(({ name: stage, needs, floating = false }) => {
      const servers = serversOf(stage, addresses[stage])
      return {
        name: stage,
        needs,
        floating,
        external: true,
        host: servers.map((server) => server.host),
        port: servers.map((server) => server.port),
        tls: servers.some(({ tls }) => tls),
        ...(discover && { discover: 'dns' as const }),
        ...given({
          retries: numberOption(values, 'retries'),
          forwardHeaders: headers?.length === 1 && headers[0] === 'all' ? 'all' : headers,
        }),
      }
    }),
  }
}

/** @throws UsageError */
function authOf(values: {
  readonly 'token-file'?: string
  readonly 'token-env'?: string
  readonly 'token-verify'?: string
}): Pick<FlowOptions, 'auth'> {
  const { 'token-file': file, 'token-env': env, 'token-verify': verify } = values
  const [bearer, ...others] = [
    ...(file === undefined ? [] : [{ file }]),
    ...(env === undefined ? [] : [{ env }]),
    ...(verify === undefined ? [] : [{ verify }]),
  ]
  if (others.length > 0)
    throw new UsageError('--token-file, --token-env and --token-verify exclude each other.')
  return bearer === undefined ? {} : { auth: { bearer } }
}

/** Checked where all options are. */
function tlsOf(values: {
  readonly 'tls-cert'?: string
  readonly 'tls-key'?: string
  readonly 'tls-ca'?: string
  readonly 'client-certificate'?: string
  readonly 'ssl-certfile'?: string
  readonly 'ssl-keyfile'?: string
}): Pick<FlowOptions, 'tls'> {
  const { 'tls-ca': ca, 'client-certificate': clientCertificate } = values
  const cert = values['tls-cert'] ?? values['ssl-certfile']
  const key = values['tls-key'] ?? values['ssl-keyfile']
  const tls = given({ cert, key, ca, clientCertificate })
  return Object.keys(tls).length === 0 ? {} : { tls: tls as NonNullable<FlowOptions['tls']> }
}

/** @throws UsageError */
function serversOf(stage: string, written: unknown): readonly ReturnType<typeof parseAddress>[] {
  const list = Array.isArray(written) ? written : []
  if (list.length === 0) {
    throw new UsageError(`--deployments-addresses has no list of addresses for '${stage}'.`)
  }
  const servers = list.map((address) => parseAddress(address, stage))
  if (servers.every(({ tls }) => tls === servers[0]!.tls)) return servers
  throw new UsageError(`--deployments-addresses: the servers of '${stage}' are grpc:// all, or grpcs:// all.`)
}

/** Parses a protocol; Jina writes them in capitals. @throws UsageError */
function protocolNamed(written: string): ProtocolName {
  const known = protocolNames.find((name) => name === written.toLowerCase())
  if (known !== undefined) return known
  throw new UsageError(
    `--protocol must be ${protocolNames.map((name) => name.toUpperCase()).join(' or ')}, not '${written}'.`,
  )
}

/** @throws UsageError */
function checkKind(value: string | undefined, known: readonly string[], option: string): void {
  if (value === undefined || known.includes(value)) return
  throw new UsageError(`--${option} must be ${known.join(' or ')}, not '${value}'.`)
}
