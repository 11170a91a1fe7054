import type { MillraceError } from '../../errors.js'
import { either, escapedClass, type Test, testOf, withoutCase } from './characters.js'

/** Zero-width assertions. */
export type Assertion = 'start' | 'end' | 'line-start' | 'line-end' | 'boundary' | 'no-boundary'

/** A node of the syntax tree. */
export type Node =
  | { readonly kind: 'char'; readonly test: Test }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly branches: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly min: number; readonly max: number }

export interface ParseOptions {
  readonly refuse: (why: string) => MillraceError
  readonly maxRepeat: number
}

/** Parses a pattern. Throws the result of `refuse` when it is malformed or not supported. */
export function parse(source: string, options: ParseOptions): Node {
  return new Parser(source, options).parse()
}

const assertions: Readonly<Record<string, Assertion>> = {
  A: 'start',
  Z: 'end',
  b: 'boundary',
  B: 'no-boundary',
}
const controls: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', a: '\x07' }

/** Deepest nesting of groups, because the parser recurses. */
const maxDepth = 100

class Parser {
  readonly #source: string
  readonly #options: ParseOptions
  readonly #flags: string
  #at = 0
  #depth = 0

  constructor(source: string, options: ParseOptions) {
    this.#source = source
    this.#options = options
    const flags = /^\(\?([ims]+)\)/.exec(source)
    this.#flags = flags?.[1] ?? ''
    this.#at = flags?.[0].length ?? 0
  }

  parse(): Node {
    const node = this.#choice()
    if (this.#at < this.#source.length) throw this.#options.refuse('it has an unmatched )')
    return node
  }

  #choice(): Node {
    const branches = [this.#sequence()]
    while (this.#take('|')) branches.push(this.#sequence())
    return branches.length === 1 ? branches[0]! : { kind: 'choice', branches }
  }

  #sequence(): Node {
    const parts: Node[] = []
    while (this.#at < this.#source.length && !'|)'.includes(this.#peek())) parts.push(this.#repeated())
    return { kind: 'sequence', parts }
  }

  #repeated(): Node {
    const part = this.#atom()
    const bounds = this.#bounds()
    if (bounds === undefined) return part
    this.#take('?')
    if (this.#bounds() !== undefined) throw this.#options.refuse('one repetition follows another')
    return { kind: 'repeat', part, ...bounds }
  }

  #bounds(): { min: number; max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Number.POSITIVE_INFINITY }
    if (this.#take('+')) return { min: 1, max: Number.POSITIVE_INFINITY }
    if (this.#take('?')) return { min: 0, max: 1 }
    const counted = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#source.slice(this.#at, this.#at + 20))
    if (counted === null) return undefined
    this.#at += counted[0].length
    const min = Number(counted[1])
    const last = counted[2] === undefined ? counted[1] : counted[3]
    const max = last === '' ? Number.POSITIVE_INFINITY : Number(last)
    if (max < min) throw this.#options.refuse('a repetition has its limits in reverse order')
    const { maxRepeat, refuse } = this.#options
    if (min > maxRepeat || (max > maxRepeat && max !== Number.POSITIVE_INFINITY)) {
      throw refuse('it repeats too much')
    }
    return { min, max }
  }

  #atom(): Node {
    const char = this.#next()
    if (char === '(') return this.#group()
    if (char === '[') return this.#char(this.#class())
    if (char === '.') return this.#char((code) => code !== 10 || this.#flags.includes('s'))
    if (char === '^') return { kind: 'assert', what: this.#flags.includes('m') ? 'line-start' : 'start' }
    if (char === '$') return { kind: 'assert', what: this.#flags.includes('m') ? 'line-end' : 'end' }
    if ('*+?'.includes(char)) throw this.#options.refuse(`there is nothing before ${char} to repeat`)
    if (char !== '\\') return this.#char(testOf(char))
    const what = assertions[this.#peek()]
    if (what === undefined) return this.#char(this.#escape())
    this.#at++
    return { kind: 'assert', what }
  }

  #char(item: string | Test): Node {
    const test = typeof item === 'string' ? testOf(item) : item
    return { kind: 'char', test: this.#flags.includes('i') ? withoutCase(test) : test }
  }

  #group(): Node {
    if (this.#peek() === '?') {
      const kind = /^\?(?::|P?<[A-Za-z_]\w*>)/.exec(this.#source.slice(this.#at, this.#at + 100))
      if (kind === null)
        throw this.#options.refuse('of the groups with (? only (?: and named ones are understood')
      this.#at += kind[0].length
    }
    if (++this.#depth > maxDepth) throw this.#options.refuse('its groups are nested too deep')
    const node = this.#choice()
    this.#depth--
    if (!this.#take(')')) throw this.#options.refuse('a ( is not closed')
    return node
  }

  #class(): Test {
    const negated = this.#take('^')
    const tests: Test[] = []
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      const from = this.#classItem()
      if (typeof from === 'string' && this.#peek() === '-' && this.#source[this.#at + 1] !== ']') {
        this.#at++
        const to = this.#classItem()
        const [low, high] = [from.codePointAt(0)!, typeof to === 'string' ? to.codePointAt(0)! : -1]
        if (high < low) throw this.#options.refuse('a [ ] has a range in reverse order')
        tests.push((code) => code >= low && code <= high)
      } else tests.push(typeof from === 'string' ? testOf(from) : from)
    }
    this.#at++
    const test = either(tests)
    const folded = this.#flags.includes('i') ? withoutCase(test) : test
    return negated ? (code) => !folded(code) : folded
  }

  #classItem(): string | Test {
    const char = this.#next()
    if (char !== '\\') return char
    if (this.#take('b')) return '\b'
    return this.#escape()
  }

  #escape(): string | Test {
    const char = this.#next()
    const known = escapedClass(char) ?? controls[char]
    if (known !== undefined) return known
    const digits = char === 'x' ? 2 : char === 'u' ? 4 : 0
    const hex = this.#source.slice(this.#at, this.#at + digits)
    if (digits > 0 && hex.length === digits && /^[\da-f]+$/i.test(hex)) {
      this.#at += digits
      return String.fromCharCode(Number.parseInt(hex, 16))
    }
    if (/[A-Za-z0-9]/.test(char)) throw this.#options.refuse(`\\${char} is not understood`)
    return char
  }

  #peek(): string {
    return this.#source[this.#at] ?? ''
  }

  /** A character as a reader counts them: both halves of a surrogate pair. */
  #next(): string {
    const code = this.#source.codePointAt(this.#at)
    if (code === undefined) throw this.#options.refuse('it ends too early')
    const char = String.fromCodePoint(code)
    this.#at += char.length
    return char
  }

  #take(char: string): boolean {
    if (this.#source[this.#at] !== char) return false
    this.#at++
    return true
  }
}
