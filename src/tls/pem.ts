import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { MillraceError } from '../errors.js'
import { reasonOf } from '../lib/reason.js'

/** A text in PEM (RFC 7468), and where it is from, for messages: `tls.cert: /etc/tls/server.pem`. */
export interface Pem {
  readonly text: string
  readonly from: string
}

const beginning = '-----BEGIN CERTIFICATE-----'
const end = '-----END CERTIFICATE-----'

/** The certificates of a PEM text, in their order. @throws INVALID_OPTION when there is none, or when one is damaged */
export function certificatesIn({ text, from }: Pem): readonly X509Certificate[] {
  const [, ...blocks] = text.split(beginning)
  if (blocks.length === 0) {
    throw invalid(`${from} has no certificate. Expected is PEM, which begins with ${beginning}.`)
  }
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(`${beginning}${block.slice(0, block.indexOf(end) + end.length)}\n`)
    } catch (cause) {
      throw invalid(`certificate ${index + 1} of ${from} is damaged: ${reasonOf(cause)}.`, cause)
    }
  })
}

/** The private key of a PEM text. @throws INVALID_OPTION when there is none that can be read without a passphrase */
export function privateKeyIn({ text, from }: Pem): KeyObject {
  try {
    return createPrivateKey(text)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE') {
      throw invalid(
        `the key in ${from} is encrypted. Give one without a passphrase, in a file that only this user can read.`,
        cause,
      )
    }
    throw invalid(
      `${from} has no private key. Expected is PEM, which begins with -----BEGIN PRIVATE KEY-----.`,
      cause,
    )
  }
}

/** The certificate that belongs to a key: the first one of `cert`. @throws INVALID_OPTION when it belongs to another key */
export function pairIn(cert: Pem, key: Pem): X509Certificate {
  const [certificate] = certificatesIn(cert) as [X509Certificate]
  if (certificate.checkPrivateKey(privateKeyIn(key))) return certificate
  throw invalid(
    `the key in ${key.from} does not belong to the first certificate in ${cert.from}. Expected are a key and the certificate that was issued for it, before those of its issuers.`,
  )
}

function invalid(what: string, cause?: unknown): MillraceError {
  return new MillraceError('INVALID_OPTION', what, cause === undefined ? {} : { cause })
}
