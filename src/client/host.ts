import { withoutBrackets } from '../lib/authority.js'
import { MillraceError } from '../errors.js'

/** Where a client connects. */
export interface Host {
  readonly protocol: 'grpc'
  readonly tls: boolean
  readonly host: string
  readonly port: number
}

const form = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[^\s:/?#@[\]]+)(?::(\d{1,5}))?\/?$/i
const laterSchemes = ['http', 'https', 'ws', 'wss']

/**
 * Parses `grpc://host:port` and `grpcs://host:port`. The default scheme is `grpc`; the default port is 80, or 443 with TLS,
 * as in Jina (jina.md 1.7). Throws INVALID_OPTION for a malformed host and UNSUPPORTED for `http(s)` and `ws(s)`.
 */
export function parseHost(text: unknown): Host {
  if (typeof text !== 'string') throw malformed(text)
  const match = form.exec(text.trim())
  if (match === null) throw malformed(text)
  const scheme = (match[1] ?? 'grpc').toLowerCase()
  if (laterSchemes.includes(scheme)) {
    throw new MillraceError(
      'UNSUPPORTED',
      `This client speaks gRPC, not ${scheme}://: give host as 'grpc://…' or 'grpcs://…' (got '${text}').`,
    )
  }
  if (scheme !== 'grpc' && scheme !== 'grpcs') throw malformed(text)
  const tls = scheme === 'grpcs'
  const port = match[3] === undefined ? (tls ? 443 : 80) : Number(match[3])
  if (port < 1 || port > 65_535) throw malformed(text)
  return { protocol: 'grpc', tls, host: withoutBrackets(match[2]!), port }
}

function malformed(given: unknown): MillraceError {
  const shown = typeof given === 'string' ? `'${given}'` : String(given)
  return new MillraceError(
    'INVALID_OPTION',
    `host must look like 'grpc://127.0.0.1:54321', 'grpc://[::1]:54321' or 'grpcs://example.org' (a port from 1 to 65535), not ${shown}.`,
  )
}
