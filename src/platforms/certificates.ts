import { X509Certificate } from 'node:crypto'
import { tlsFiles } from '../containers/container-tls.js'
import { MillraceError } from '../errors.js'
import { readSmallFile, watchFiles } from '../files/watched-file.js'
import { filesOf, serverCredentials } from '../gateway/tls/server-credentials.js'
import type { TlsRules } from '../gateway/tls/tls-rules.js'
import { systemClock } from '../lib/clock.js'
import type { ClientTls } from '../tls/client-tls.js'

/** A file of TLS for the gateway's container. */
export interface CertificateFile {
  readonly name: 'tls.crt' | 'tls.key' | 'ca.crt'
  /** Absolute path in the container. */
  readonly target: string
  readonly text: string
}

/** Reads the files that a gateway on a platform needs. @throws INVALID_OPTION */
export function readCertificates(tls: TlsRules | null): readonly CertificateFile[] {
  if (tls === null) return []
  return withContents(
    tls,
    filesOf(tls).map(({ file, what }) => readSmallFile(file, what)),
  )
}

/**
 * Gives the gateway the files of this machine, and again when they change, while this program runs. Files that do not belong
 * together are reported, and not given to it. The returned function stops that.
 */
export function renewCertificates(
  tls: TlsRules | null,
  {
    write,
    report,
  }: {
    write(files: readonly CertificateFile[]): Promise<void>
    report(sentence: string): void
  },
): () => void {
  if (tls === null) return () => {}
  let last: Promise<void> = Promise.resolve()
  return watchFiles(filesOf(tls), {
    clock: systemClock,
    say: report,
    onChange(contents) {
      serverCredentials(tls, contents)
      const files = withContents(tls, contents)
      last = last
        .then(() => write(files))
        .catch((error: unknown) =>
          report(`The gateway did not get its new certificate: ${MillraceError.from(error).message}`),
        )
    },
  })
}

/** A Flow on a platform, whose gateway this program can give files to. */
interface Renewable {
  renewCertificates(tls: TlsRules | null): void
  writeCertificates(files: readonly CertificateFile[]): Promise<void>
  close(options: { readonly remove: boolean }): Promise<void>
}

/** Gives the gateway the files now, and again when they change, until the Flow is closed. @throws what `writeCertificates` throws */
export async function beginRenewal<T extends Renewable>(flow: T, tls: TlsRules | null): Promise<T> {
  if (tls === null) return flow
  try {
    await flow.writeCertificates(readCertificates(tls))
  } catch (error) {
    await flow.close({ remove: false })
    throw error
  }
  flow.renewCertificates(tls)
  return flow
}

/**
 * How this program's own client connects to a gateway that it starts on a platform: it trusts exactly the gateway's certificate,
 * by a name that this certificate has, because the gateway is reached through an address of the platform. `given` wins.
 *
 * @throws INVALID_OPTION when the gateway asks for a certificate and there is none
 */
export function ownClientTls(tls: TlsRules | null, given: ClientTls | null): ClientTls | null {
  if (tls === null) return given
  if (tls.clientCertificate === 'require' && typeof given?.cert !== 'string') {
    throw new MillraceError(
      'INVALID_OPTION',
      "start: the Flow has tls.clientCertificate: 'require', so its own client needs a certificate too. Give it one of an authority in tls.ca: start({ on, tls: { cert, key } }).",
    )
  }
  return {
    ...given,
    ca: given?.ca ?? tls.cert,
    serverName: given?.serverName ?? nameIn(readSmallFile(tls.cert, 'tls.cert')),
  }
}

/** A name or address that a certificate is for; null when it has none. */
function nameIn(certificate: Buffer): string | null {
  const names = (new X509Certificate(certificate).subjectAltName ?? '').split(', ')
  const of = (kind: string): string | undefined =>
    names.find((name) => name.startsWith(kind))?.slice(kind.length)
  return of('DNS:')?.replace('*', 'millrace') ?? of('IP Address:') ?? null
}

function withContents(tls: TlsRules, contents: readonly Buffer[]): readonly CertificateFile[] {
  return tlsFiles(tls).map(({ name, target }, index) => ({
    name,
    target,
    text: contents[index]!.toString(),
  }))
}
