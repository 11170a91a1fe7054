import path from 'node:path'
import { type AuthRules, type BearerTokens, type Openable, openable } from '../gateway/auth/auth-rules.js'
import { readTokens } from '../gateway/auth/authenticator.js'
import { functionPath } from './function-path.js'
import { listOf, oneOf } from './option-kinds.js'
import type { Option } from './option.js'
import { isMapping } from '../lib/mapping.js'

const openOption: Option<readonly Openable[]> = listOf(oneOf(openable, 'health'), ['health'])
const variable = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The option `auth`. Paths are made absolute; the tokens in a list or file are checked. */
export const authOption: Option<AuthRules | null> = {
  expected:
    "null, or { bearer, open } with bearer a list of tokens, { file: PATH }, { env: NAME } or { verify: './auth.js#check' }, and open a list of 'health', 'reflection', 'openapi' and 'docs'",
  preset: null,
  isSecret: true,
  parse(given) {
    if (given === null) return null
    if (!isMapping(given) || !hasOnly(given, ['bearer', 'open'])) return undefined
    const bearer = bearerOf(given.bearer)
    const open =
      Array.isArray(given.open) && given.open.length === 0
        ? []
        : openOption.parse(given.open ?? openOption.preset)
    return bearer === undefined || open === undefined ? undefined : { bearer, open }
  },
}

/** @throws INVALID_OPTION, MODULE_NOT_FOUND */
function bearerOf(given: unknown): BearerTokens | undefined {
  if (Array.isArray(given)) {
    if (!given.every((token) => typeof token === 'string')) return undefined
    readTokens(given)
    return given
  }
  if (!isMapping(given)) return undefined
  const [[kind, value] = [], ...others] = Object.entries(given)
  if (others.length > 0 || typeof value !== 'string' || value === '') return undefined
  switch (kind) {
    case 'file': {
      const file = path.resolve(value)
      readTokens({ file })
      return { file }
    }
    case 'env':
      return variable.test(value) ? { env: value } : undefined // read at the start
    case 'verify': {
      return { verify: functionPath(value, 'auth.bearer.verify') }
    }
    default:
      return undefined
  }
}

function hasOnly(value: object, known: readonly string[]): boolean {
  return Object.keys(value).every((key) => known.includes(key))
}
