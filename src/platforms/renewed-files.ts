import path from 'node:path'
import { MillraceError } from '../errors.js'
import { readServerCredentials } from '../gateway/tls/server-credentials.js'
import type { TlsRules } from '../gateway/tls/tls-rules.js'
import type { FlowPlan } from '../plan/flow-plan.js'
import { text } from '../plan/option-kinds.js'
import { type Option, parseOptions } from '../plan/option.js'

/** Paths of the PEM files that a gateway shows, as in the option `tls` of a Flow. */
export interface RenewedFiles {
  readonly cert: string
  readonly key: string
  /** Authorities of the certificates of clients, for a Flow with `clientCertificate`. */
  readonly ca?: string | null
}

/** What a program that attaches to a Flow does for the gateway's certificate. */
export interface RenewalOptions {
  /**
   * For a Flow with `tls`: the files of its gateway's certificate. The gateway gets them before `attach` resolves, and again when
   * they change, until `close`. Default null: this program does not renew the certificate.
   */
  readonly renew: RenewedFiles | null
}

const file = text(null)

/** Paths are made absolute. */
const renewOption: Option<RenewedFiles | null> = {
  expected: 'null, or { cert, key, ca } with paths of PEM files',
  preset: null,
  parse(given) {
    if (given === null) return null
    const files = parseOptions<{ readonly [K in keyof Required<RenewedFiles>]: string | null }>(
      { cert: file, key: file, ca: file },
      given,
    )
    if (files === undefined || files.cert === null || files.key === null) return undefined
    const { cert, key, ca } = files
    return { cert: path.resolve(cert), key: path.resolve(key), ca: ca === null ? null : path.resolve(ca) }
  },
}

export const renewalOptions = { renew: renewOption }

/**
 * The files, with what the gateway does about certificates of clients; null when nothing is renewed.
 *
 * @throws INVALID_OPTION for files that do not fit together, or not to the Flow
 */
export function renewedRules(
  { settings: { name, tls } }: FlowPlan,
  files: RenewedFiles | null,
): TlsRules | null {
  if (files === null) return null
  const { cert, key, ca = null } = files
  if (tls === null)
    throw invalid(`the Flow '${name}' has no tls, so there is no certificate to renew. Leave renew out.`)
  if (tls.ca !== null && ca === null) {
    throw invalid(
      `the Flow '${name}' checks certificates of clients, so its gateway needs ca as well, a file with the certificates of their authorities.`,
    )
  }
  if (tls.ca === null && ca !== null) {
    throw invalid(
      `ca is for certificates of clients, and the Flow '${name}' does not ask for any. Leave ca out.`,
    )
  }
  const rules = { cert, key, ca, clientCertificate: tls.clientCertificate }
  readServerCredentials(rules)
  return rules
}

function invalid(what: string): MillraceError {
  return new MillraceError('INVALID_OPTION', `attach: renew: ${what}`)
}
