import { compilePattern } from '../lib/pattern/pattern.js'

/** Number of cached patterns; a client usually repeats one, and an attacker could send new ones forever. */
const remembered = 100

/** The stages that a `target_executor` pattern matches; results are cached per pattern. */
export class Targets {
  readonly #names: readonly string[]
  readonly #matches = new Map<string, ReadonlySet<string>>()

  constructor(names: readonly string[]) {
    this.#names = names
  }

  /** @throws INVALID_INPUT when the pattern cannot be used */
  match(pattern: string): ReadonlySet<string> {
    const known = this.#matches.get(pattern)
    if (known !== undefined) return known
    const isMeant = compilePattern(pattern, { what: 'target_executor', mode: 'match' })
    const matches = new Set(this.#names.filter(isMeant))
    if (this.#matches.size >= remembered) this.#matches.clear()
    this.#matches.set(pattern, matches)
    return matches
  }
}
