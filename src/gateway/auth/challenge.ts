/** The header `www-authenticate` of a 401 (RFC 6750, 3). */
export const challenge = 'Bearer realm="millrace"'
