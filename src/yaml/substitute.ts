import { badYaml, type Position, type Positions, shown, type Tree } from './position.js'
import { reparse } from './reparse.js'
import type { Warn } from './warn.js'

/** Variables that a text may refer to. */
export interface Names {
  readonly env: Readonly<Record<string, string | undefined>>
  /** For `${{ CONTEXT.x }}` and `${{ x }}`; falls back to `env`. */
  readonly context: Readonly<Record<string, unknown>>
}

/** Rounds of resolution for values that refer to each other (jina.md 1.6). */
const rounds = 3
const maxLength = 1024 * 1024

// excluding braces inside keeps the match linear
const form = /\$\{\{([^{}]*)\}\}|\$([A-Za-z_]\w*)/g

/** True when substitution would look at the text. */
export function hasNames(text: string): boolean {
  return text.search(form) !== -1
}

type Container = Record<string | number, unknown>

interface Part {
  readonly text: unknown
  readonly reference: Reference | null
}

interface Reference {
  readonly written: string
  readonly from: 'root' | 'this'
  readonly steps: readonly string[]
}

/** A value with references that are not resolved yet. */
interface Pending {
  readonly container: Container
  readonly key: string
  readonly parts: readonly Part[]
  /** The innermost mapping that contains it: what `this` means. */
  readonly around: Container
  readonly position: Position
}

/**
 * Substitutes variables and references in the tree, in place: `${{ ENV.X }}`, `${{ CONTEXT.x }}`, `${{ x }}`,
 * `${{root.a.b[0]}}`, `${{this.x}}`, and Jina's older `$X`. A text with a substitution is parsed again, so `8080` becomes a
 * number. Substituted values are not searched for further variables.
 *
 * @throws BAD_YAML for an undefined variable, a reference that leads nowhere, or a circular reference
 */
export function substitute(tree: Tree, names: Names, warn: Warn): void {
  new Substitution(tree, names, warn).run()
}

class Substitution {
  readonly #root: unknown
  readonly #positions: Positions
  readonly #names: Names
  readonly #warn: Warn
  #pending: Pending[] = []
  #length = 0

  constructor({ value, positions }: Tree, names: Names, warn: Warn) {
    this.#root = value
    this.#positions = positions
    this.#names = names
    this.#warn = warn
  }

  run(): void {
    if (isContainer(this.#root)) this.#visit(this.#root, this.#root)
    for (let round = 0; round < rounds && this.#pending.length > 0; round++) this.#settle()
    const [left] = this.#pending
    if (left === undefined) return
    throw badYaml(
      left.position,
      `it refers to itself, or the chain of references is longer than ${rounds} steps.`,
    )
  }

  #visit(container: Container, mapping: Container): void {
    const around = Array.isArray(container) ? mapping : container
    for (const [key, value] of Object.entries(container)) {
      if (isContainer(value)) this.#visit(value, around)
      else if (typeof value === 'string' && value.includes('$')) this.#fill({ container, key, value, around })
    }
  }

  #fill({
    container,
    key,
    value,
    around,
  }: Omit<Pending, 'parts' | 'position'> & { readonly value: string }): void {
    const position = this.#positions.of(container, Array.isArray(container) ? Number(key) : key)
    const parts = this.#split(value, position)
    if (parts === null) return
    if (parts.some(({ reference }) => reference !== null)) {
      this.#pending.push({ container, key, parts, around, position })
    } else
      this.#write(
        { container, key, position },
        parts.map(({ text }) => text),
      )
  }

  /** Null for a text without variables. */
  #split(value: string, position: Position): readonly Part[] | null {
    const parts: Part[] = []
    let end = 0
    for (const match of value.matchAll(form)) {
      const part = this.#part(match, position)
      if (part === null) continue
      if (match.index > end) parts.push({ text: value.slice(end, match.index), reference: null })
      parts.push(part)
      end = match.index + match[0].length
    }
    if (parts.length === 0) return null
    if (end < value.length) parts.push({ text: value.slice(end), reference: null })
    return parts
  }

  #part([written, inner, dollar]: RegExpMatchArray, position: Position): Part | null {
    if (dollar !== undefined) {
      const text = own(this.#names.env, dollar)
      if (text === undefined) return null
      this.#warn(`${shown(position)}: ${written} is Jina's older form; write \${{ ENV.${dollar} }}.`)
      return { text, reference: null }
    }
    const expression = inner!.trim()
    const [, from, path] = /^(root|this)((?:\.[\w-]+|\[\d+\])+)$/.exec(expression) ?? []
    if (from === 'root' || from === 'this') {
      return { text: null, reference: { written, from, steps: path!.match(/[\w-]+/g)! } }
    }
    return { text: this.#named(expression, position), reference: null }
  }

  #named(expression: string, position: Position): unknown {
    const { env, context } = this.#names
    const [, scope = null, name] = /^(?:(ENV|env|CONTEXT|context)\.)?([A-Za-z_]\w*)$/.exec(expression) ?? []
    if (name === undefined) {
      const forms = '${{ ENV.X }}, ${{ CONTEXT.x }}, ${{ x }}, ${{root.x.y[0]}} or ${{this.x}}'
      throw badYaml(position, `\${{${expression}}} should be one of ${forms}.`)
    }
    const ofEnvironment = scope?.toLowerCase() === 'env'
    const given = ofEnvironment ? undefined : own(context, name)
    const value = given === undefined ? own(env, name) : given
    if (value !== undefined) return plainCopy(value, position)
    const advice = ofEnvironment
      ? `the environment variable ${name} is not set. Set it, or write the value here.`
      : `'${name}' is neither in the context nor in the environment. Give it as context: { ${name}: … }.`
    throw badYaml(position, advice)
  }

  /** One round: resolves the values whose references are all resolved. */
  #settle(): void {
    const waiting = new Map<Container, Set<string>>()
    for (const { container, key } of this.#pending) {
      waiting.set(container, (waiting.get(container) ?? new Set()).add(key))
    }
    this.#pending = this.#pending.filter((pending) => {
      const texts = pending.parts.map((part) => this.#resolve(part, pending, waiting))
      if (texts.some((text) => text === undefined)) return true
      this.#write(pending, texts)
      waiting.get(pending.container)?.delete(pending.key)
      return false
    })
  }

  /** Undefined while the reference leads to an unresolved value. */
  #resolve(
    { text, reference }: Part,
    { around, position }: Pending,
    waiting: Map<Container, Set<string>>,
  ): unknown {
    if (reference === null) return text
    let value: unknown = reference.from === 'root' ? this.#root : around
    for (const step of reference.steps) {
      if (!isContainer(value) || !Object.hasOwn(value, step)) {
        throw badYaml(position, `${reference.written}: there is no '${step}' at that path.`)
      }
      if (waiting.get(value)?.has(step)) return undefined
      value = value[step]
    }
    if (isContainer(value) && !(Array.isArray(value) && value.every((item) => !isContainer(item)))) {
      throw badYaml(
        position,
        `${reference.written} is a whole section; refer to a single value, or to a list of them.`,
      )
    }
    return Array.isArray(value) ? [...(value as unknown[])] : value
  }

  #write(
    { container, key, position }: Pick<Pending, 'container' | 'key' | 'position'>,
    texts: readonly unknown[],
  ): void {
    const [only] = texts
    if (texts.length === 1 && typeof only !== 'string') {
      this.#count(asText(only).length, position)
      container[key] = only
      return
    }
    const pieces = texts.map((one) => {
      const text = asText(one)
      // counted before joining: many references to one long text could exceed memory
      this.#count(text.length, position)
      return text
    })
    container[key] = reparse(pieces.join(''))
  }

  #count(length: number, position: Position): void {
    this.#length += length
    if (this.#length > maxLength)
      throw badYaml(position, `substitution made more than ${maxLength} characters.`)
  }
}

function own<T>(from: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(from, name) ? from[name] : undefined
}

function plainCopy(value: unknown, position: Position): unknown {
  try {
    // throws for a cycle
    if (isContainer(value)) JSON.stringify(value)
    return structuredClone(value)
  } catch (error) {
    throw badYaml(
      position,
      'the context has a value that is not plain data: a function, a class instance, a cycle.',
      error,
    )
  }
}

function asText(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null
}
