import { BaseClient, type BaseClientOptions, type ClientSeams } from '../client-core/base-client.js'
import { parseHost } from '../client-core/host.js'
import { checkOptions, clientRules } from '../client-core/options.js'
import { defaultMaxMessageBytes } from '../grpc/client/peer.js'
import type { CallTypes, TypedClient, TypedOptions } from '../client-core/typed-client.js'
import { plainObjects } from '../client-core/typed-form.js'
import { MillraceError } from '../errors.js'
import { createLogger } from '../observe/logger.js'
import type { ClientTls } from '../tls/client-tls.js'
import { startBar } from './progress.js'
import { tlsRule } from './tls-rule.js'
import { grpcTransport } from './transports/grpc.js'
import { httpTransport } from './transports/http.js'
import { webSocketTransport } from './transports/websocket.js'

const transports = { grpc: grpcTransport, http: httpTransport, websocket: webSocketTransport }

/** Options of `Client`. */
export interface ClientOptions extends BaseClientOptions {
  /** `grpc://host:port`, `http://host:port` or `ws://host:port`; `grpcs://…`, `https://…` and `wss://…` for TLS. */
  readonly host: string
  /**
   * For `grpcs://`, `https://` and `wss://`: authorities, an own certificate, and the server's name. Files are read again when they
   * change, for new connections. Default: the authorities of Node, and the name in `host`.
   */
  readonly tls?: ClientTls
  /**
   * Compress requests of 1 KiB and more, and let the server compress its answers. Over gRPC and HTTP only, for slow networks: it
   * takes several times the CPU of a call. Default null: nothing is compressed.
   */
  readonly compression?: 'gzip' | null
  /**
   * Documents are plain objects with fields by their names, as those of typed endpoints are (docs/types.md); needed for
   * `Client<typeof flow>`. Default false: they are Documents.
   */
  readonly typed?: boolean
}

const compressionRule = {
  expected: "'gzip' or null",
  accepts: (value: unknown) => value === 'gzip' || value === null,
}
const typedRule = { expected: 'true or false', accepts: (value: unknown) => typeof value === 'boolean' }

const ownRules = { tls: tlsRule, compression: compressionRule, typed: typedRule }

/**
 * Sends documents to a Flow, or to an Executor served without a Flow, over gRPC, HTTP or WebSocket. All calls share one
 * connection, or over HTTP several, opened by the first call and reopened when it is lost; over WebSocket each call has its own.
 *
 * @throws INVALID_OPTION, UNKNOWN_OPTION, UNSUPPORTED for a host with another protocol
 *
 * @example
 * await using client = new Client({ host: 'grpc://127.0.0.1:54321' })
 * const found = await client.post('/search', [{ text: 'water' }], { parameters: { limit: 3 } })
 * @example
 * import type { flow } from './server.js'
 *
 * const client = new Client<typeof flow>({ host, typed: true })
 * const [article] = await client.post('/encode', { text: 'water' }) // { id, text, embedding }
 */
export const Client: ClientClass = class extends BaseClient {
  constructor(options: ClientOptions, seams: ClientSeams = {}) {
    checkOptions('Client', options, { ...clientRules(), ...ownRules })
    const { protocol, host, port, tls } = parseHost(options.host)
    const credentials = options.tls
    if (credentials !== undefined && !tls) throw needless(options.host)
    const { maxMessageBytes = defaultMaxMessageBytes, compression = null } = options
    if (compression !== null && protocol === 'websocket') throw notOverWebSocket(options.host)
    super(options, {
      ...seams,
      transport:
        seams.transport ??
        transports[protocol]({ host, port, tls, credentials, compression, maxMessageBytes }),
      logger: options.logger ?? createLogger('client'),
      startBar,
      form: options.typed === true ? plainObjects : undefined,
    })
  }
} as unknown as ClientClass // with `typed` it is a TypedClient

/** A client of a Flow; with its type, `Client<typeof flow>`, one that knows endpoints, documents and parameters. */
export type Client<F = undefined> = F extends undefined ? BaseClient : TypedClient<F>

interface ClientClass {
  new <F = Readonly<Record<string, CallTypes>>>(
    options: TypedOptions<ClientOptions>,
    seams?: ClientSeams,
  ): TypedClient<F>
  new (options: ClientOptions, seams?: ClientSeams): BaseClient
  readonly prototype: BaseClient
}

function needless(host: string): MillraceError {
  return new MillraceError(
    'INVALID_OPTION',
    `tls of Client is for hosts that begin with grpcs://, https:// or wss://, and host is '${host}', which is not encrypted.`,
  )
}

function notOverWebSocket(host: string): MillraceError {
  return new MillraceError(
    'INVALID_OPTION',
    `compression of Client is for gRPC and HTTP, and host is '${host}'. Use grpc://, grpcs://, http:// or https://, or leave it out.`,
  )
}
