/** The header `www-authenticate` of a 401 (RFC 6750, 3). */
export const challenge = 'Bearer realm="millrace"'

const scheme = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i

/** The token in a header `authorization` (RFC 6750, 2.1); undefined when there is none. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : scheme.exec(authorization)?.[1]
}
