/** What the gateway does about certificates of clients. */
export const clientCertificateRules = ['require', 'request'] as const

/** TLS of the gateway: absolute paths of PEM files, which are read again when they change; plain data. */
export interface TlsRules {
  /** The gateway's certificate, followed by those of its issuers, without the root. */
  readonly cert: string
  /** The private key of the certificate, without a passphrase. */
  readonly key: string
  /** Certificates of the authorities that issue those of clients. */
  readonly ca: string | null
  /**
   * `require`: clients must have a certificate of `ca` (mutual TLS). `request`: clients without one may call, and those with
   * one of another authority may not. Null: clients are not asked for one.
   */
  readonly clientCertificate: (typeof clientCertificateRules)[number] | null
}
