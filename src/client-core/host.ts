import { withoutBrackets } from '../lib/authority.js'
import { MillraceError } from '../errors.js'

/** Where a client connects. */
export interface Host {
  readonly protocol: 'grpc' | 'http' | 'websocket'
  readonly tls: boolean
  readonly host: string
  readonly port: number
}

const form = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[^\s:/?#@[\]]+)(?::(\d{1,5}))?\/?$/i

/** Schemes, their protocols and default ports: 80, or 443 with TLS, as in Jina (jina.md 1.7). */
const schemes: ReadonlyMap<string, Pick<Host, 'protocol' | 'tls'>> = new Map([
  ['grpc', { protocol: 'grpc', tls: false }],
  ['grpcs', { protocol: 'grpc', tls: true }],
  ['http', { protocol: 'http', tls: false }],
  ['https', { protocol: 'http', tls: true }],
  ['ws', { protocol: 'websocket', tls: false }],
  ['wss', { protocol: 'websocket', tls: true }],
])

/**
 * Parses `grpc://host:port` and the like with one of the `schemes`. The default scheme is `grpc`. Throws INVALID_OPTION for a
 * malformed host.
 */
export function parseHost(text: unknown): Host {
  if (typeof text !== 'string') throw malformed(text)
  const match = form.exec(text.trim())
  if (match === null) throw malformed(text)
  const scheme = (match[1] ?? 'grpc').toLowerCase()
  const known = schemes.get(scheme)
  if (known === undefined) throw malformed(text)
  const port = match[3] === undefined ? (known.tls ? 443 : 80) : Number(match[3])
  if (port < 1 || port > 65_535) throw malformed(text)
  return { ...known, host: withoutBrackets(match[2]!), port }
}

function malformed(given: unknown): MillraceError {
  const shown = typeof given === 'string' ? `'${given}'` : String(given)
  return new MillraceError(
    'INVALID_OPTION',
    `host must look like 'grpc://127.0.0.1:54321', 'grpc://[::1]:54321', 'grpcs://example.org', 'http://127.0.0.1:54321' or 'ws://127.0.0.1:54321' (a port from 1 to 65535), not ${shown}.`,
  )
}
