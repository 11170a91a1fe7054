/** How a client uses TLS; plain data. */
export interface ClientTls {
  /**
   * Certificates of the authorities that may have issued the server's, in PEM: the path of a file, or the text. Default: those
   * of Node.
   */
  readonly ca?: string | null
  /** The client's own certificate, with those of its issuers, for a server that asks for one: a path, or the text. */
  readonly cert?: string | null
  /** The private key of `cert`, without a passphrase: a path, or the text. */
  readonly key?: string | null
  /** The name that the server's certificate must have. Default: the host of the connection. */
  readonly serverName?: string | null
}

export const clientTlsKeys: readonly string[] = [
  'ca',
  'cert',
  'key',
  'serverName',
] satisfies readonly (keyof ClientTls)[]

/** Whether a member of `ClientTls` is a text in PEM, and not a path. */
export function isPem(given: string): boolean {
  return given.includes('-----BEGIN ')
}
