import { isWord } from './characters.js'
import type { Assertion } from './parse.js'
import type { Program } from './program.js'

/** Stands for the character before the start and after the end of a text. */
const nothing = -1

/** The state of a scan: the steps that wait for a character, and the last character read. */
interface State {
  /** Steps reached, before assertions and splits are followed, since those depend on the next character. */
  readonly steps: Int32Array
  readonly before: number
  /** By character. */
  readonly nexts: Map<number, State | true>
}

/** Limits of the cache: states, and transitions of one state. A text that exceeds them is matched without the cache. */
const maxStates = 1000
const maxNexts = 256

/**
 * Runs a program over texts. Every set of steps that can be active at one position is a state; its transitions are computed
 * once and cached (a lazy DFA). So a character costs one look-up, and at worst one visit of each step.
 */
export class Automaton {
  readonly #program: Program
  readonly #isAnchored: boolean
  /** Whether the state depends on the previous character. */
  readonly #looksBack: boolean
  readonly #states = new Map<string, State>()
  readonly #marks: Int32Array
  #mark = 0

  constructor(program: Program, { isAnchored }: { readonly isAnchored: boolean }) {
    this.#program = program
    this.#isAnchored = isAnchored
    this.#looksBack = program.steps.some(({ kind }) => kind === 'assert')
    this.#marks = new Int32Array(program.steps.length)
  }

  matches(text: string): boolean {
    let state = this.#stateOf([this.#program.first], nothing)
    for (let at = 0; at < text.length; ) {
      const code = text.codePointAt(at)!
      at += code > 0xffff ? 2 : 1
      const next = state.nexts.get(code) ?? this.#follow(state, code)
      if (next === true) return true
      if (next.steps.length === 0) return false
      state = next
    }
    return (state.nexts.get(nothing) ?? this.#follow(state, nothing)) === true
  }

  /** Consumes a character, or the end; returns true when the pattern has matched before it. */
  #follow(state: State, code: number): State | true {
    const reached: number[] = []
    const next = this.#reach(state, code, reached) ? true : this.#stateOf(reached, code)
    if (state.nexts.size >= maxNexts) state.nexts.clear()
    state.nexts.set(code, next)
    return next
  }

  /** Adds the successors of the steps that accept the character; returns true when the match step is among the others. */
  #reach({ steps, before }: State, code: number, reached: number[]): boolean {
    const all = this.#program.steps
    const [visited, taken] = [++this.#mark, ++this.#mark]
    const open = [...steps]
    for (let number = open.pop(); number !== undefined; number = open.pop()) {
      if (this.#marks[number]! === visited) continue
      this.#marks[number] = visited
      const step = all[number]!
      switch (step.kind) {
        case 'match':
          return true
        case 'split':
          open.push(...step.nexts)
          break
        case 'assert':
          if (holds(step.what, before, code)) open.push(step.next)
          break
        case 'char':
          if (code !== nothing && step.test(code)) reached.push(step.next)
      }
    }
    if (!this.#isAnchored) reached.push(this.#program.first)
    unique(reached, this.#marks, taken)
    return false
  }

  #stateOf(steps: readonly number[], before: number): State {
    const sorted = Int32Array.from(steps).sort()
    const kind = this.#looksBack ? kindOf(before) : nothing
    const key = `${kind} ${sorted.join(' ')}`
    const known = this.#states.get(key)
    if (known !== undefined) return known
    if (this.#states.size >= maxStates) this.#states.clear()
    const state: State = { steps: sorted, before: kind, nexts: new Map() }
    this.#states.set(key, state)
    return state
  }
}

/** A representative of all characters that the assertions treat alike. */
function kindOf(code: number): number {
  if (code === nothing || code === 10) return code
  return isWord(code) ? 97 : 32
}

function unique(numbers: number[], marks: Int32Array, mark: number): void {
  let kept = 0
  for (const number of numbers) {
    if (marks[number]! === mark) continue
    marks[number] = mark
    numbers[kept++] = number
  }
  numbers.length = kept
}

function holds(what: Assertion, before: number, after: number): boolean {
  switch (what) {
    case 'start':
      return before === nothing
    case 'end':
      return after === nothing
    case 'line-start':
      return before === nothing || before === 10
    case 'line-end':
      return after === nothing || after === 10
    case 'boundary':
      return isWordAt(before) !== isWordAt(after)
    case 'no-boundary':
      return isWordAt(before) === isWordAt(after)
  }
}

const isWordAt = (code: number): boolean => code !== nothing && isWord(code)
