import path from 'node:path'
import { readServerCredentials } from '../gateway/tls/server-credentials.js'
import { clientCertificateRules, type TlsRules } from '../gateway/tls/tls-rules.js'
import { MillraceError } from '../errors.js'
import { oneOf, optional, text } from './option-kinds.js'
import { type Option, parseOptions } from './option.js'

const file = text(null)

/** The option `tls` of a Flow. Paths are made absolute, and the files are read and checked. */
export const tlsOption: Option<TlsRules | null> = {
  expected:
    "null, or { cert, key, ca, clientCertificate } with cert, key and ca paths of PEM files, and clientCertificate 'require' or 'request'",
  preset: null,
  member: file,
  parse(given) {
    if (given === null) return null
    const rules = parseOptions<{ readonly [K in keyof TlsRules]: TlsRules[K] | null }>(
      {
        cert: file,
        key: file,
        ca: file,
        clientCertificate: optional(oneOf(clientCertificateRules, 'require')),
      },
      given,
    )
    if (rules === undefined || (rules.cert === null && rules.key === null)) return undefined
    return checked(rules)
  },
}

/** @throws INVALID_OPTION */
function checked({
  cert,
  key,
  ca,
  clientCertificate,
}: {
  readonly [K in keyof TlsRules]: TlsRules[K] | null
}): TlsRules {
  if (cert === null || key === null) {
    const [missing, given] = cert === null ? ['cert', 'key'] : ['key', 'cert']
    throw invalid(
      `it needs cert and key, and has no ${missing}. Give the ${missing} that belongs to ${given}.`,
    )
  }
  if (clientCertificate !== null && ca === null) {
    throw invalid(
      `clientCertificate: '${clientCertificate}' needs ca, a file with the certificates of the authorities that issue those of clients.`,
    )
  }
  if (ca !== null && clientCertificate === null) {
    throw invalid(
      "ca is for certificates of clients. Add clientCertificate: 'require' or 'request', or leave ca out.",
    )
  }
  const rules = {
    cert: path.resolve(cert),
    key: path.resolve(key),
    ca: ca === null ? null : path.resolve(ca),
    clientCertificate,
  }
  readServerCredentials(rules)
  return rules
}

function invalid(what: string): MillraceError {
  return new MillraceError('INVALID_OPTION', `Flow: tls: ${what}`)
}
