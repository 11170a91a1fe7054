/** The syntax of a bearer token: `b64token` (RFC 6750, 2.1). */
const token = '[A-Za-z0-9\\-._~+/]+=*'

const whole = new RegExp(`^${token}$`)
const header = new RegExp(`^bearer +(${token})$`, 'i')

/** Whether a value has the syntax of a bearer token. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && whole.test(value)
}

/** The token in a header `authorization` (RFC 6750, 2.1); undefined when there is none. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : header.exec(authorization)?.[1]
}
