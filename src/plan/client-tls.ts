import path from 'node:path'
import { ClientCredentials } from '../tls/client-credentials.js'
import { type ClientTls, isPem } from '../tls/client-tls.js'
import { text } from './option-kinds.js'
import { type Option, parseOptions } from './option.js'

const part = text(null)

/** The option `tls` of an external stage. Paths are made absolute, and the files are read and checked. */
export const stageTlsOption: Option<boolean | ClientTls> = {
  expected:
    'true, false, or { ca, cert, key, serverName } with paths of PEM files and the name of the server',
  preset: false,
  isSecret: true,
  parse: (given) => (typeof given === 'boolean' ? given : clientTls(given)),
}

/** The option `tls` of a client of a Flow on a platform. Paths are made absolute, and the files are read and checked. */
export const clientTlsOption: Option<ClientTls | null> = {
  expected: 'null, or { ca, cert, key, serverName } with paths of PEM files and the name of the server',
  preset: null,
  isSecret: true,
  parse: (given) => (given === null ? null : clientTls(given)),
}

/** Undefined for what is no such option. @throws INVALID_OPTION for files that cannot be used */
function clientTls(given: unknown): ClientTls | undefined {
  const tls = parseOptions<ClientTls>({ ca: part, cert: part, key: part, serverName: part }, given)
  if (tls === undefined) return undefined
  const { ca, cert, key, serverName = null } = tls
  const resolved = { ca: absolute(ca), cert: absolute(cert), key: absolute(key), serverName }
  new ClientCredentials(resolved) // throws INVALID_OPTION
  return resolved
}

function absolute(given: string | null | undefined): string | null {
  if (given === null || given === undefined) return null
  return isPem(given) ? given : path.resolve(given)
}
