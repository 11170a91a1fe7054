import { statSync } from 'node:fs'
import { isIP } from 'node:net'
import {
  type ConnectionOptions,
  checkServerIdentity,
  createSecureContext,
  type SecureContext,
} from 'node:tls'
import { MillraceError } from '../errors.js'
import { readSmallFile } from '../files/watched-file.js'
import { type ClientTls, isPem } from './client-tls.js'
import { certificatesIn, pairIn, type Pem } from './pem.js'

/**
 * What a client shows and expects in TLS.
 *
 * 1. New connections use the files as they are then. Files that cannot be used are ignored while there is something older.
 * 2. The certificate of a server is always checked, and so is its name.
 */
export class ClientCredentials {
  readonly #tls: ClientTls
  readonly #files: readonly string[]
  #context: SecureContext
  #seen: string

  /** Reads and checks the files. @throws INVALID_OPTION */
  constructor(tls: ClientTls = {}) {
    this.#tls = tls
    this.#files = [tls.ca, tls.cert, tls.key].flatMap((given) =>
      given === undefined || given === null || isPem(given) ? [] : [given],
    )
    this.#seen = this.#state()
    this.#context = contextOf(tls)
  }

  /** Options of `tls.connect` for a server. */
  optionsFor(host: string): Pick<ConnectionOptions, 'servername' | 'secureContext' | 'checkServerIdentity'> {
    const { serverName } = this.#tls
    this.#refresh()
    const secureContext = this.#context
    const name = serverName ?? host
    return {
      secureContext,
      servername: isIP(name) === 0 ? name : '', // an address is no server name (RFC 6066, 3)
      checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    }
  }

  #refresh(): void {
    if (this.#files.length === 0) return
    try {
      const state = this.#state()
      if (state === this.#seen) return
      this.#context = contextOf(this.#tls)
      this.#seen = state
    } catch {
      // invariant 1
    }
  }

  #state(): string {
    return this.#files
      .map((file) => {
        const stats = statSync(file, { throwIfNoEntry: false })
        return stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.mtimeMs}`
      })
      .join(', ')
  }
}

/** @throws INVALID_OPTION */
function contextOf({ ca, cert, key }: ClientTls): SecureContext {
  const authorities = pemOf('ca', ca)
  const certificate = pemOf('cert', cert)
  const privateKey = pemOf('key', key)
  if (authorities !== null) certificatesIn(authorities)
  if (certificate !== null && privateKey !== null) pairIn(certificate, privateKey)
  else if (certificate !== null || privateKey !== null) {
    const [given, missing] = certificate === null ? ['key', 'cert'] : ['cert', 'key']
    throw invalid(`tls has ${given} and no ${missing}. Give both, or none.`)
  }
  try {
    return createSecureContext({
      minVersion: 'TLSv1.2',
      // a certificate in `ca` is trusted even if its issuer is not, so that the server's own may be given
      ...(authorities !== null && { ca: authorities.text, allowPartialTrustChain: true }),
      ...(certificate !== null && { cert: certificate.text, key: privateKey!.text }),
    })
  } catch (cause) {
    throw invalid(`tls cannot be used: ${(cause as Error).message}.`, cause)
  }
}

function pemOf(option: string, given: string | null | undefined): Pem | null {
  if (given === null || given === undefined) return null
  const what = `tls.${option}`
  if (isPem(given)) return { text: given, from: what }
  return { text: readSmallFile(given, what).toString(), from: `${what}: ${given}` }
}

function invalid(what: string, cause?: unknown): MillraceError {
  return new MillraceError('INVALID_OPTION', what, cause === undefined ? {} : { cause })
}
