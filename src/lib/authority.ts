/** Host and port as in a URL: an IPv6 address stands in brackets (RFC 3986, 3.2.2). Without a port: the host alone. */
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
 * The host by which programs of this machine reach a server that binds `host`. A server on `::` listens on 127.0.0.1 too, and
 * unlike `::1` that exists in every container.
 */
export function reachable(host: string): string {
  return isWildcard(host) ? '127.0.0.1' : host
}

/** Of a host without brackets: only addresses of IPv6 contain a colon. */
export function isIPv6(host: string): boolean {
  return host.includes(':')
}
