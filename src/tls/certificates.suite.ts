import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import forge from 'node-forge'

const dayMs = 86_400_000
let serial = 1

/** A certificate and its private key in PEM. */
export interface Issued {
  readonly cert: string
  readonly key: string
}

interface Subject {
  readonly name: string
  /** Days from now on that it is valid; negative for an expired one. */
  readonly days?: number
}

/** An authority that issues certificates for tests. */
export class Authority {
  readonly cert: string
  readonly #name: forge.pki.CertificateField[]
  readonly #key: forge.pki.rsa.PrivateKey

  constructor(name = 'Test authority') {
    const { certificate, key } = draft({ name })
    certificate.setIssuer(certificate.subject.attributes)
    certificate.setExtensions([
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ])
    this.#key = forge.pki.privateKeyFromPem(key)
    this.#name = certificate.subject.attributes
    certificate.sign(this.#key, forge.md.sha256.create())
    this.cert = forge.pki.certificateToPem(certificate)
  }

  /** A certificate for a server: for its name, localhost and 127.0.0.1. */
  server(subject: Subject): Issued {
    const altNames = [
      { type: 2, value: subject.name },
      { type: 2, value: 'localhost' },
      { type: 7, ip: '127.0.0.1' },
    ]
    return this.#issue(subject, [
      { name: 'subjectAltName', altNames },
      { name: 'extKeyUsage', serverAuth: true },
    ])
  }

  client(subject: Subject): Issued {
    return this.#issue(subject, [{ name: 'extKeyUsage', clientAuth: true }])
  }

  #issue(subject: Subject, extensions: readonly object[]): Issued {
    const { certificate, key } = draft(subject)
    certificate.setIssuer(this.#name)
    certificate.setExtensions([{ name: 'basicConstraints', cA: false }, ...extensions])
    certificate.sign(this.#key, forge.md.sha256.create())
    return { cert: forge.pki.certificateToPem(certificate), key }
  }
}

function draft({ name, days = 30 }: Subject): {
  readonly certificate: forge.pki.Certificate
  readonly key: string
} {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey)
  certificate.serialNumber = (serial++).toString(16).padStart(2, '0')
  certificate.validity.notBefore = new Date(Date.now() - 60 * dayMs)
  certificate.validity.notAfter = new Date(Date.now() + days * dayMs)
  certificate.setSubject([{ name: 'commonName', value: name }])
  return { certificate, key: privateKey }
}

/** A new folder with these files, removed by `close`. */
export function folderWith(files: Readonly<Record<string, string>>): {
  readonly path: (name: string) => string
  readonly write: (name: string, text: string) => void
  readonly close: () => void
} {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'certificates-'))
  const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text)
  for (const [name, text] of Object.entries(files)) write(name, text)
  return {
    path: (name) => path.join(folder, name),
    write,
    close: () => rmSync(folder, { recursive: true }),
  }
}
