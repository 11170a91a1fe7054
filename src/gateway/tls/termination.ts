import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { Clock } from '../../lib/clock.js'
import { watchFiles } from '../../files/watched-file.js'
import type { Logger } from '../../observe/logger.js'
import type { ProtocolName } from '../protocols/names.js'
import {
  filesOf,
  readServerCredentials,
  type ServerCredentials,
  serverCredentials,
} from './server-credentials.js'
import type { TlsRules } from './tls-rules.js'

/** Approximate memory of a TLS connection besides that of its protocol, in bytes: OpenSSL's state and Node's objects. */
export const tlsBytes: number = 48 * 1024

/**
 * Names of protocols in TLS (ALPN, RFC 7301), by preference. HTTP/2 is for gRPC only, and clients of gRPC offer nothing else,
 * while browsers offer both: on a port with both protocols they must get HTTP/1.1, with which all other protocols begin.
 */
function alpnNames(protocols: readonly ProtocolName[]): string[] {
  const speaksHttp1 = protocols.some((name) => name !== 'grpc')
  return [...(speaksHttp1 ? ['http/1.1'] : []), ...(protocols.includes('grpc') ? ['h2'] : [])]
}

/** Ends TLS on a socket, and calls `done` after the handshake. When that fails the socket is closed. */
export type Handshake = (socket: Socket, done: (secure: TLSSocket) => void) => void

export interface TerminationTools {
  readonly clock: Clock
  readonly logger: Pick<Logger, 'debug' | 'warn'>
  /** Milliseconds without a byte after which a handshake fails, besides the limit that the caller sets. */
  readonly handshakeMs: number
}

/**
 * Ends TLS in front of the protocols.
 *
 * 1. The files are read again when they change. New connections get the new certificate, open ones go on.
 * 2. Files that cannot be used while it runs change nothing, and are told in a warning.
 * 3. No failed handshake throws or is logged above `debug`.
 */
export class TlsTermination {
  readonly #rules: TlsRules
  readonly #tools: TerminationTools
  readonly #servers: Server[] = []
  #credentials: ServerCredentials | undefined
  /** The last warning about dates. */
  #said: string | null = null
  #stop = (): void => {}

  constructor(rules: TlsRules, tools: TerminationTools) {
    this.#rules = rules
    this.#tools = tools
  }

  /** Reads the files, from now on also when they change. @throws INVALID_OPTION */
  open(): void {
    const { clock, logger } = this.#tools
    this.#use(readServerCredentials(this.#rules))
    this.#stop = watchFiles(filesOf(this.#rules), {
      clock,
      say: (sentence) => logger.warn(sentence),
      onChange: (contents) => this.#use(serverCredentials(this.#rules, contents)),
    })
  }

  close(): void {
    this.#stop()
  }

  /** Creates the TLS side of a port. Call `open` first. */
  handshakeFor(protocols: readonly ProtocolName[]): Handshake {
    const { clientCertificate } = this.#rules
    const waiting = new Map<string, (secure: TLSSocket) => void>()
    const server = createServer({
      ...this.#credentials!.options,
      ALPNProtocols: alpnNames(protocols),
      requestCert: clientCertificate !== null,
      rejectUnauthorized: clientCertificate === 'require',
      handshakeTimeout: this.#tools.handshakeMs,
    })
    server.on('secureConnection', (secure) => {
      secure.on('error', ignore) // `close` follows
      const reason = this.#refusal(secure)
      if (reason !== null) {
        this.#log(secure, reason)
        secure.destroy()
      } else waiting.get(addressesOf(secure))?.(secure)
    })
    server.on('tlsClientError', (error, secure) => {
      this.#log(secure, (error as { readonly reason?: string }).reason ?? error.message)
    })
    this.#servers.push(server)
    return (socket, done) => {
      const addresses = addressesOf(socket)
      waiting.set(addresses, done)
      socket.once('close', () => waiting.delete(addresses))
      server.emit('connection', socket)
    }
  }

  #use(credentials: ServerCredentials): void {
    this.#credentials = credentials
    for (const server of this.#servers) server.setSecureContext(credentials.options)
    const { outOfDate } = credentials
    if (outOfDate !== null && outOfDate !== this.#said) {
      this.#tools.logger.warn(`${outOfDate}. Clients will refuse it.`)
    }
    this.#said = outOfDate
  }

  /** Why a client must not go on after its handshake. */
  #refusal(secure: TLSSocket): string | null {
    if (this.#rules.clientCertificate !== 'request' || secure.authorized) return null
    if (secure.getPeerX509Certificate() === undefined) return null
    return `its certificate is not valid: ${String(secure.authorizationError)}`
  }

  #log({ remoteAddress, remotePort }: TLSSocket, reason: string): void {
    this.#tools.logger.debug('a TLS handshake failed', { reason, remoteAddress, remotePort })
  }
}

/** Identifies a TCP connection and the TLS connection on it: Node does not say which belongs to which. */
function addressesOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}

function ignore(): void {}
