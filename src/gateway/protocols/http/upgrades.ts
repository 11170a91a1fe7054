import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Share } from '../../../budget/budget.js'
import type { ClientConnection } from '../connections.js'

/** A request to go on with another protocol on its connection (RFC 9110, 7.8), which is not answered yet. */
export interface Upgrade {
  readonly message: IncomingMessage
  readonly socket: Socket
  /** The first bytes that follow the request. */
  readonly head: Buffer
  /** The memory of the connection. */
  readonly share: Share
}

/** Takes over connections that change to another protocol. */
export interface Upgrades {
  /** Whether a request asks for this protocol. */
  isWanted(message: IncomingMessage): boolean
  /** Takes over a connection, and answers the request: it may be refused. */
  accept(upgrade: Upgrade): ClientConnection
}

/** Headers of an upgrade; `http2-settings` belongs to the upgrade to HTTP/2. */
const ofUpgrade: ReadonlySet<string> = new Set(['upgrade', 'http2-settings'])

/**
 * The bytes of a request without its wish for another protocol, and what follows it. A server may ignore such a wish, which
 * Java's HTTP client has for HTTP/2, but Node stops reading HTTP at each of them.
 */
export function withoutUpgrade({ method, url, rawHeaders }: IncomingMessage, head: Buffer): Buffer {
  const lines = [`${method} ${url} HTTP/1.1`]
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name, value] = [rawHeaders[at]!, rawHeaders[at + 1]!]
    if (ofUpgrade.has(name.toLowerCase())) continue
    lines.push(`${name}: ${name.toLowerCase() === 'connection' ? withoutOptions(value) : value}`)
  }
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head])
}

function withoutOptions(connection: string): string {
  const options = connection.split(',').map((option) => option.trim())
  return options.filter((option) => !ofUpgrade.has(option.toLowerCase())).join(', ')
}
