import { clientTlsKeys } from '../tls/client-tls.js'

/** Validation rule for the option `tls` of `Client`. Its files are read when the client is created. */
export const tlsRule = {
  expected: 'an object { ca, cert, key, serverName }: PEM files or texts, and a name',
  isSecret: true,
  accepts: (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(value).every(([name, given]) => clientTlsKeys.includes(name) && isTextOrNothing(given)),
}

function isTextOrNothing(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value !== '')
}
