import { MillraceError } from '../errors.js'

/**
 * `target_executor` is a regular expression that comes from the wire, so it must not be able to stall the gateway: it is
 * parsed here and run as a set of states, in time linear in the name, instead of by a backtracking `RegExp`.
 *
 * Understood: literals, `.`, `[a-z]` and `[^…]`, `\d \w \s` and their opposites, `\A \Z ^ $`, groups (capturing or
 * `(?:…)`), `|`, and `* + ? {n} {n,} {n,m}`, greedy or lazy. Not understood, and refused with INVALID_INPUT:
 * look-around, back references, named groups, flags, `\b`.
 */
const maxLength = 1024
const maxStates = 5000

type Test = (code: number) => boolean

type Node =
  | { readonly kind: 'char'; readonly test: Test }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly branches: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly min: number; readonly max: number }

type State =
  | { readonly kind: 'char'; readonly test: Test; readonly next: State }
  | { readonly kind: 'start' | 'end'; readonly next: State }
  | { readonly kind: 'split'; readonly nexts: State[] }
  | { readonly kind: 'match' }

/** Whether a name matches at its start, as Python's `re.match` does. */
export type Pattern = (name: string) => boolean

/** @throws INVALID_INPUT when the pattern is longer than 1,024 characters, wrong, or of a kind not understood */
export function compilePattern(source: string): Pattern {
  if (source.length > maxLength) {
    throw new MillraceError(
      'INVALID_INPUT',
      `target_executor has ${source.length} characters; at most ${maxLength} are allowed.`,
    )
  }
  const first = new Compiler(source).link(new Parser(source).parse())
  return (name) => run(first, name)
}

function run(first: State, name: string): boolean {
  let states = new Set<State>()
  if (follow(first, 0, name, states)) return true
  for (let at = 0; at < name.length && states.size > 0; at++) {
    const code = name.charCodeAt(at)
    const nexts = new Set<State>()
    for (const state of states) {
      if (state.kind === 'char' && state.test(code) && follow(state.next, at + 1, name, nexts)) return true
    }
    states = nexts
  }
  return false
}

/** Adds every state reachable from `first` without reading; true when one of them is the match. */
function follow(first: State, at: number, name: string, into: Set<State>): boolean {
  const open = [first]
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    if (into.has(state)) continue
    into.add(state)
    switch (state.kind) {
      case 'match':
        return true
      case 'split':
        open.push(...state.nexts)
        break
      case 'start':
        if (at === 0) open.push(state.next)
        break
      case 'end':
        if (at === name.length) open.push(state.next)
        break
      case 'char':
        break
    }
  }
  return false
}

/** Links the tree to states, back to front. */
class Compiler {
  readonly #source: string
  #states = 0

  constructor(source: string) {
    this.#source = source
  }

  link(node: Node, next: State = { kind: 'match' }): State {
    if (++this.#states > maxStates) throw refused(this.#source, 'it repeats too much')
    switch (node.kind) {
      case 'char':
        return { ...node, next }
      case 'start':
      case 'end':
        return { kind: node.kind, next }
      case 'sequence':
        return node.parts.reduceRight((after, part) => this.link(part, after), next)
      case 'choice':
        return { kind: 'split', nexts: node.branches.map((branch) => this.link(branch, next)) }
      case 'repeat':
        return this.#repeat(node, next)
    }
  }

  #repeat({ part, min, max }: Node & { kind: 'repeat' }, next: State): State {
    let state = next
    if (max === Number.POSITIVE_INFINITY) {
      const loop: State = { kind: 'split', nexts: [next] }
      loop.nexts.push(this.link(part, loop))
      state = loop
    } else {
      for (let count = min; count < max; count++)
        state = { kind: 'split', nexts: [next, this.link(part, state)] }
    }
    for (let count = 0; count < min; count++) state = this.link(part, state)
    return state
  }
}

const classes: Readonly<Record<string, Test>> = {
  d: (code) => /\d/.test(String.fromCharCode(code)),
  w: (code) => /[\p{L}\p{N}_]/u.test(String.fromCharCode(code)),
  s: (code) => /\s/.test(String.fromCharCode(code)),
}

const controls: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', a: '\x07' }

class Parser {
  readonly #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  parse(): Node {
    const node = this.#choice()
    if (this.#at < this.#source.length) throw this.#refused('it has a ) too many')
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
    if (this.#bounds() !== undefined) throw this.#refused('one repetition follows another')
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
    const max =
      counted[2] === undefined ? min : counted[3] === '' ? Number.POSITIVE_INFINITY : Number(counted[3])
    if (max < min) throw this.#refused('a repetition has its limits the wrong way round')
    if (min > maxStates || (max > maxStates && max !== Number.POSITIVE_INFINITY)) {
      throw this.#refused('it repeats too much')
    }
    return { min, max }
  }

  #atom(): Node {
    const char = this.#next()
    if (char === '(') return this.#group()
    if (char === '[') return { kind: 'char', test: this.#class() }
    if (char === '.') return { kind: 'char', test: (code) => code !== 10 }
    if (char === '^') return { kind: 'start' }
    if (char === '$') return { kind: 'end' }
    if ('*+?'.includes(char)) throw this.#refused(`there is nothing before ${char} to repeat`)
    if (char === '\\') {
      if (this.#take('A')) return { kind: 'start' }
      if (this.#take('Z')) return { kind: 'end' }
      return { kind: 'char', test: asTest(this.#escape()) }
    }
    return { kind: 'char', test: asTest(char) }
  }

  #group(): Node {
    if (this.#take('?') && !this.#take(':'))
      throw this.#refused('of the groups with (? only (?: is understood')
    const node = this.#choice()
    if (!this.#take(')')) throw this.#refused('a ( is not closed')
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
        if (typeof to !== 'string' || to < from) throw this.#refused('a [ ] has a range that is none')
        tests.push((code) => code >= from.charCodeAt(0) && code <= to.charCodeAt(0))
      } else {
        tests.push(asTest(from))
      }
    }
    this.#at++
    return (code) => tests.some((test) => test(code)) !== negated
  }

  #classItem(): string | Test {
    const char = this.#next()
    return char === '\\' ? this.#escape() : char
  }

  #escape(): string | Test {
    const char = this.#next()
    const small = char.toLowerCase()
    const test = classes[small]
    if (test !== undefined) return char === small ? test : (code) => !test(code)
    const control = controls[char]
    if (control !== undefined) return control
    if (/[A-Za-z0-9]/.test(char)) throw this.#refused(`\\${char} is not understood`)
    return char
  }

  #peek(): string {
    return this.#source[this.#at] ?? ''
  }

  #next(): string {
    const char = this.#source[this.#at++]
    if (char === undefined) throw this.#refused('it ends too early')
    return char
  }

  #take(char: string): boolean {
    if (this.#source[this.#at] !== char) return false
    this.#at++
    return true
  }

  #refused(why: string): MillraceError {
    return refused(this.#source, why)
  }
}

function asTest(item: string | Test): Test {
  if (typeof item !== 'string') return item
  const wanted = item.charCodeAt(0)
  return (code) => code === wanted
}

function refused(source: string, why: string): MillraceError {
  const shown = source.length > 100 ? `${source.slice(0, 100)}…` : source
  return new MillraceError(
    'INVALID_INPUT',
    `target_executor ${JSON.stringify(shown)} cannot be used: ${why}.`,
  )
}
