import { MillraceError } from '../errors.js'
import { isToken } from '../wire/bearer-token.js'

type Headers = Readonly<Record<string, string>>

/** Headers with a token, unless they or those of the call have a header `authorization`. @throws INVALID_OPTION */
export function withToken(headers: Headers, token: string | (() => string), own: Headers = {}): Headers {
  const names = [...Object.keys(headers), ...Object.keys(own)]
  if (names.some((name) => name.toLowerCase() === 'authorization')) return headers
  const value: unknown = typeof token === 'function' ? token() : token
  if (isToken(value)) return { ...headers, authorization: `Bearer ${value}` }
  throw new MillraceError(
    'INVALID_OPTION',
    'The function token of Client must return letters, digits, - . _ ~ + / and = at the end.',
  )
}
