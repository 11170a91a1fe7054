import { shortened } from './shown-values.js'

/** Headers whose value is never logged, even if their name is configured. */
const secret = /authorization|cookie|token|secret|password|credential|api-?key|session/i

/** The headers with these names, if the caller sent any of them. */
export function shownHeaders(
  headers: Readonly<Record<string, string>>,
  names: readonly string[],
): { readonly headers?: Readonly<Record<string, string>> } {
  const shown = names
    .map((name) => name.toLowerCase())
    .flatMap((name) => {
      const value = headers[name]
      return value === undefined ? [] : [[name, secret.test(name) ? '[redacted]' : shortened(value)]]
    })
  return shown.length === 0 ? {} : { headers: Object.fromEntries(shown) as Record<string, string> }
}
