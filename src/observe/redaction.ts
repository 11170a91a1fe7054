/** What a secret value is replaced by. */
export const redacted = '[redacted]'

/** Names of fields that are secret at any depth; compared in lower case and without `-` and `_`. */
export const secretNames = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'password',
  'passwd',
  'secret',
  'client-secret',
  'private-key',
  'token',
  'access-token',
  'refresh-token',
  'id-token',
  'api-key',
  'x-api-key',
  'x-auth-token',
] as const

/**
 * A credential in running text, such as the message of an error (RFC 6750, 2.1): with a digit or long, so that it is no word of a
 * sentence about them.
 */
const bearer = /\b(Bearer|Basic) (?=[\w.~+/-]*\d|[\w.~+/-]{20})[\w.~+/-]{6,}=*/gi

/** Removes secrets from log entries. */
export interface Redaction {
  /** Whether the field at these keys, outermost first, is secret. */
  isSecret(keys: readonly string[]): boolean
  /** Text without bearer tokens and basic credentials. */
  text(text: string): string
  /** Text of `inspect()`, such as that of an error with fields of its own: also without the values of secret fields. */
  inspected(text: string): string
}

/**
 * Redacts the fields of `secretNames`, and those at `paths`: the last keys on the way to a field, joined by dots, with `*` for
 * any one key.
 *
 * @example
 * redactionOf(['card', 'user.email', 'headers.*'])
 */
export function redactionOf(paths: readonly string[]): Redaction {
  const cached = cache.get(paths)
  if (cached !== undefined) return cached
  const names = new Set<string>(secretNames.map(plain))
  const known = new Map<string, boolean>()
  const longer: (readonly string[])[] = []
  for (const path of paths) {
    const keys = path.split('.')
    if (keys.length === 1 && path !== '*') names.add(plain(path))
    else longer.push(keys.map((key) => (key === '*' ? key : plain(key))))
  }
  // one pass for all names: a quoted or bare key, then a string, a list or a bare value
  const inInspected = new RegExp(
    `(['"]?)\\b(${[...names].map(spelled).join('|')})\\1: (?:'(?:[^'\\\\]|\\\\.)*'|"(?:[^"\\\\]|\\\\.)*"|\`(?:[^\`\\\\]|\\\\.)*\`|\\[[^\\]]*\\]|[\\w.-]+)`,
    'gi',
  )
  const text = (given: string): string =>
    /earer |asic /i.test(given) ? given.replace(bearer, `$1 ${redacted}`) : given
  // fields of log lines have few names, and each is looked up for every line
  const isNamed = (key: string): boolean => {
    let found = known.get(key)
    if (found === undefined) {
      found = names.has(plain(key))
      if (known.size < mostKnown) known.set(key, found)
    }
    return found
  }
  const made: Redaction = {
    isSecret: (keys) => isNamed(keys.at(-1)!) || longer.some((path) => ends(keys, path)),
    text,
    inspected: (given) => text(given).replace(inInspected, `$1$2$1: '${redacted}'`),
  }
  cache.set(paths, made)
  return made
}

/** Names of fields whose answer is kept. */
const mostKnown = 1000

/** By list of paths: every logger of a thread has the same one. */
const cache = new WeakMap<readonly string[], Redaction>()

function plain(key: string): string {
  return key.toLowerCase().replaceAll(/[-_]/g, '')
}

/** A pattern for a plain name in its spellings: `api-key`, `api_key`, `apiKey`. */
function spelled(name: string): string {
  return [...name].map((letter) => letter.replace(/[^\w]/, String.raw`\$&`)).join('[-_]?')
}

function ends(keys: readonly string[], path: readonly string[]): boolean {
  if (keys.length < path.length) return false
  const last = keys.slice(-path.length)
  return path.every((key, index) => key === '*' || key === plain(last[index]!))
}
