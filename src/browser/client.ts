import { BaseClient, type BaseClientOptions, type ClientSeams } from '../client-core/base-client.js'
import { noBar } from '../client-core/no-bar.js'
import { checkOptions, clientRules } from '../client-core/options.js'
import { MillraceError } from '../errors.js'
import { defaultMaxMessageBytes } from '../grpc/client/peer.js'
import type { Transport } from '../client-core/transport.js'
import type { Logger } from '../observe/logger.js'
import { fetchTransport } from './fetch.js'
import { webSocketTransport } from './websocket.js'

/** Options of `Client`. */
export interface ClientOptions extends BaseClientOptions {
  /** `http://host:port` or `ws://host:port`, with TLS `https://…` or `wss://…`; `location.origin` when the Flow serves the page too. */
  readonly host: string
}

/**
 * Sends documents to a Flow over HTTP with `fetch`, or over WebSocket. The Flow must speak the one in `host`, and its option
 * `http.cors` must name the origin of the page, unless it is the Flow's own.
 *
 * @throws INVALID_OPTION, UNKNOWN_OPTION, UNSUPPORTED for a host with another protocol
 *
 * @example
 * const client = new Client({ host: 'http://127.0.0.1:54321' })
 * const found = await client.post('/search', 'water', { parameters: { limit: 3 } })
 */
export class Client extends BaseClient {
  constructor(options: ClientOptions, seams: ClientSeams = {}) {
    checkOptions('Client', options, clientRules())
    const maxMessageBytes = options.maxMessageBytes ?? defaultMaxMessageBytes
    super(options, {
      ...seams,
      transport: seams.transport ?? transportTo(options.host, maxMessageBytes),
      logger: options.logger ?? consoleLogger,
      startBar: noBar('a browser'),
    })
  }
}

/** @throws INVALID_OPTION, UNSUPPORTED */
function transportTo(given: unknown, maxMessageBytes: number): Transport {
  const { protocol, host: address, origin, href } = parsed(given)
  if (!/^(http|ws)s?:$/.test(protocol)) throw malformed(given, 'UNSUPPORTED')
  if (href !== `${origin}/`) throw malformed(given)
  const transport = protocol.startsWith('ws') ? webSocketTransport : fetchTransport
  return transport({ origin, address, maxMessageBytes })
}

/** @throws INVALID_OPTION */
function parsed(given: unknown): URL {
  try {
    return new URL(given as string)
  } catch {
    throw malformed(given)
  }
}

function malformed(given: unknown, code: 'INVALID_OPTION' | 'UNSUPPORTED' = 'INVALID_OPTION'): MillraceError {
  const what = `host must look like 'http://127.0.0.1:54321', 'https://…', 'ws://…' or 'wss://…', without a path, not '${String(given)}'.`
  return new MillraceError(code, what)
}

const consoleLogger: Logger = {
  debug: (...said) => console.debug(...said),
  info: (...said) => console.info(...said),
  warn: (...said) => console.warn(...said),
  error: (...said) => console.error(...said),
}
