import type { TlsRules } from '../gateway/tls/tls-rules.js'

interface Written {
  readonly with?: {
    readonly tls?: Partial<TlsRules>
    readonly http?: { readonly routes?: string }
    readonly auth?: { readonly bearer?: object }
  }
}

/**
 * A running gateway's configuration without the files that it names, which are in its container: this program cannot read and
 * check them. `tls` has the paths in the container.
 */
export function withoutFiles(written: unknown): { readonly written: object; readonly tls: TlsRules | null } {
  const { with: options = {}, ...flow } = written as Written
  const { tls, http, auth, ...others } = options
  const { routes: _, ...ofHttp } = http ?? {}
  const asksModule = auth?.bearer !== undefined && 'verify' in auth.bearer
  const read = {
    ...others,
    ...(http !== undefined && { http: ofHttp }),
    ...(auth !== undefined && !asksModule && { auth }),
  }
  return { written: { ...flow, with: read }, tls: tls === undefined ? null : rulesOf(tls) }
}

function rulesOf({ cert = '', key = '', ca = null, clientCertificate = null }: Partial<TlsRules>): TlsRules {
  return { cert, key, ca, clientCertificate }
}
