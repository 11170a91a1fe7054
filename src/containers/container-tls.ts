import { readFileSync } from 'node:fs'
import path from 'node:path'
import { MillraceError } from '../errors.js'
import type { TlsRules } from '../gateway/tls/tls-rules.js'
import { type ClientTls, isPem } from '../tls/client-tls.js'
import { containerPaths } from './container-paths.js'

/** A file of TLS: on this machine, its path in the gateway's container, and its key in a Secret of Kubernetes. */
export interface TlsFile {
  readonly file: string
  readonly target: string
  readonly name: 'tls.crt' | 'tls.key' | 'ca.crt'
}

/** The files that a gateway needs in its container. The names are those of `kubectl create secret tls` and of cert-manager. */
export function tlsFiles(tls: TlsRules | null): readonly TlsFile[] {
  if (tls === null) return []
  const { cert, key, ca } = tls
  return [
    inContainer(cert, 'tls.crt'),
    inContainer(key, 'tls.key'),
    ...(ca === null ? [] : [inContainer(ca, 'ca.crt')]),
  ]
}

/** The option `tls` of a gateway in a container: with the paths there. */
export function containerTls(tls: TlsRules | null): { readonly tls?: object } {
  if (tls === null) return {}
  const [cert, key, ca] = tlsFiles(tls).map(({ target }) => target)
  const { clientCertificate } = tls
  return { tls: { cert, key, ...(ca !== undefined && { ca, clientCertificate }) } }
}

/**
 * The option `tls` of an external stage of a gateway in a container. Certificates of authorities are not secret: they become
 * part of the configuration.
 *
 * @throws UNSUPPORTED for a certificate and key of the gateway's own
 */
export function containerClientTls(tls: boolean | ClientTls, stage: string): boolean | object {
  if (typeof tls === 'boolean') return tls
  const { ca, cert, serverName } = tls
  if (typeof cert === 'string') {
    throw new MillraceError(
      'UNSUPPORTED',
      `stage '${stage}': a gateway in a container cannot use tls.cert and tls.key, which would be written in plain text. Use tls with ca and serverName only.`,
    )
  }
  return {
    ...(typeof ca === 'string' && { ca: isPem(ca) ? ca : readFileSync(ca, 'utf8') }),
    ...(typeof serverName === 'string' && { serverName }),
  }
}

function inContainer(file: string, name: TlsFile['name']): TlsFile {
  return { file, name, target: path.posix.join(containerPaths.tls, name) }
}
