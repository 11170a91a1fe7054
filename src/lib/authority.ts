/** Host and port as in a URL: an IPv6 address is put in brackets (RFC 3986, 3.2.2). Without a port: the host alone. */
export function authority(host: string, port?: number): string {
  const shown = isIPv6(host) ? `[${host}]` : host
  return port === undefined ? shown : `${shown}:${port}`
}

/** A host without the brackets that an IPv6 address has in a URL. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}

/** Whether a server that binds this host listens on all interfaces. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || (isIPv6(host) && /^[0:]+$/.test(host))
}

/**
 * The host by which programs on this machine reach a server that binds `host`. A server on `::` also listens on 127.0.0.1,
 * which exists in every container, unlike `::1`.
 */
export function reachable(host: string): string {
  return isWildcard(host) ? '127.0.0.1' : host
}

/** Whether a host without brackets is an IPv6 address: only these contain a colon. */
export function isIPv6(host: string): boolean {
  return host.includes(':')
}
