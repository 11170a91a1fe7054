import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import { isMapping } from '../lib/mapping.js'
import { type Position, type Positions, shown } from './position.js'
import type { Reading } from './source.js'

const known = [
  'jtype',
  'version',
  'with',
  'metas',
  'requests',
  'dynamic_batching',
  'uses_dynamic_batching',
  'py_modules',
  'workspace',
  'name',
  'description',
]

/** One mapping of an Executor's YAML with typed access to its keys; errors name file, line and column. */
export class Section {
  readonly #value: Readonly<Record<string, unknown>>
  readonly #positions: Positions

  constructor(value: unknown, positions: Positions) {
    if (!isMapping(value)) {
      throw new MillraceError(
        'BAD_YAML',
        `${shown(positions.start)}: an Executor is a mapping that begins with \`jtype: ClassName\`.`,
      )
    }
    this.#value = value
    this.#positions = positions
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#value, key) && this.#value[key] !== null && this.#value[key] !== undefined
  }

  at(key: string): string {
    return shown(this.#position(key))
  }

  bad(key: string, message: string): MillraceError {
    return new MillraceError('BAD_YAML', `${this.at(key)}: ${message}.`)
  }

  text(key: string): string | null {
    if (!this.has(key)) return null
    const value = this.#value[key]
    if (typeof value === 'string' || typeof value === 'number') return String(value)
    throw this.bad(key, `${key} must be a string, not ${JSON.stringify(value)}`)
  }

  texts(key: string): readonly string[] {
    if (!this.has(key)) return []
    const value = this.#value[key]
    const texts: readonly unknown[] = Array.isArray(value) ? value : value === '' ? [] : [value]
    if (texts.every((text) => typeof text === 'string')) return texts
    throw this.bad(key, `${key} must be a string or a list of strings, not ${JSON.stringify(value)}`)
  }

  mapping(key: string): Readonly<Record<string, unknown>> {
    if (!this.has(key)) return {}
    const value = this.#value[key]
    if (isMapping(value)) return value
    throw this.bad(key, `${key} must be a mapping, not ${JSON.stringify(value)}`)
  }

  textMap(key: string): Readonly<Record<string, string>> {
    const mapping = this.mapping(key)
    for (const [endpoint, method] of Object.entries(mapping)) {
      if (typeof method !== 'string')
        throw this.bad(key, `${key} must name a method for ${endpoint}, not ${JSON.stringify(method)}`)
    }
    return mapping as Record<string, string>
  }

  checkVersion(): void {
    const version = this.text('version') ?? '1'
    if (!/^1(\.0)?$/.test(version)) throw this.bad('version', `version must be '1', not '${version}'`)
  }

  warnUnknown({ warn }: Reading): void {
    for (const key of Object.keys(this.#value)) {
      if (known.includes(key)) continue
      const near = nearest(key, known)
      const advice = near === undefined ? `Known are ${known.join(', ')}.` : `Did you mean '${near}'?`
      warn(`${this.at(key)}: an Executor has no key '${key}', and it has no effect. ${advice}`)
    }
  }

  #position(key: string): Position {
    return this.#positions.of(this.#value, key)
  }
}
