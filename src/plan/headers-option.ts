import type { ForwardHeaders } from '../transport/forward-headers.js'
import type { Option } from './option.js'

/** Names of headers, in lower case, or `'all'`. */
export const headersOption = (preset: ForwardHeaders): Option<ForwardHeaders> => ({
  expected: "a list of names of headers, or 'all'",
  preset,
  parse(value) {
    if (value === 'all') return value
    const names: readonly unknown[] = Array.isArray(value) ? value : [value]
    const isName = (name: unknown): name is string =>
      typeof name === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(name)
    return names.every(isName) ? names.map((name) => name.toLowerCase()) : undefined
  },
})
