import { constants } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { MillraceError } from '../../errors.js'
import { readSmallFile, type WatchedFile } from '../../files/watched-file.js'
import { certificatesIn, pairIn, type Pem } from '../../tls/pem.js'
import type { TlsRules } from './tls-rules.js'

/** What a TLS server is configured with, and until when its certificate is valid. */
export interface ServerCredentials {
  readonly options: SecureContextOptions
  /** Why clients refuse the certificate now, for a warning; null when its dates are right. */
  readonly outOfDate: string | null
}

/** The files of the rules, and the options that name them. */
export function filesOf({ cert, key, ca }: TlsRules): readonly WatchedFile[] {
  return [
    { file: cert, what: 'tls.cert' },
    { file: key, what: 'tls.key' },
    ...(ca === null ? [] : [{ file: ca, what: 'tls.ca' }]),
  ]
}

/** Reads and checks the files. @throws INVALID_OPTION */
export function readServerCredentials(rules: TlsRules): ServerCredentials {
  return serverCredentials(
    rules,
    filesOf(rules).map(({ file, what }) => readSmallFile(file, what)),
  )
}

/** Checks the contents of the files, in the order of `filesOf`. @throws INVALID_OPTION */
export function serverCredentials(rules: TlsRules, contents: readonly Buffer[]): ServerCredentials {
  const [cert, key, ca] = filesOf(rules).map(
    ({ file, what }, index): Pem => ({ text: contents[index]!.toString(), from: `${what}: ${file}` }),
  ) as [Pem, Pem, Pem?]
  const certificate = pairIn(cert, key)
  if (ca !== undefined) certificatesIn(ca)
  const options: SecureContextOptions = {
    cert: cert.text,
    key: key.text,
    ca: ca?.text,
    minVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  }
  try {
    createSecureContext(options)
  } catch (cause) {
    const { message } = cause as Error
    throw new MillraceError('INVALID_OPTION', `${cert.from} cannot be used: ${message}.`, { cause })
  }
  return { options, outOfDate: outOfDate(certificate, cert.from) }
}

function outOfDate(
  { validFrom, validTo }: { readonly validFrom: string; readonly validTo: string },
  from: string,
): string | null {
  const now = Date.now()
  if (Date.parse(validTo) < now) return `the certificate in ${from} has expired, on ${validTo}`
  if (Date.parse(validFrom) > now) return `the certificate in ${from} is not valid before ${validFrom}`
  return null
}
