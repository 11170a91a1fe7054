import { MillraceError } from '../../errors.js'
import { Automaton } from './automaton.js'
import { parse } from './parse.js'
import { compile } from './program.js'

/** Whether a text matches. Takes time linear in the text, whatever the pattern. */
export type Pattern = (text: string) => boolean

export interface PatternOptions {
  /** What the pattern is called in messages: `$regex`. */
  readonly what: string
  /** `match` at the beginning of the text, as Python's `re.match`, or `search` anywhere, as `re.search`. */
  readonly mode: 'match' | 'search'
  /**
   * Maximum number of steps that the pattern may compile to; a letter is one, and a repetition {n} has n times the steps of
   * its operand.
   */
  readonly maxSteps?: number
}

/** In UTF-16 units. */
const maxLength = 1024

/**
 * A pattern sent by a caller. A backtracking `RegExp` could stall the thread; this one runs as a set of states.
 *
 * Supported: literals, `.`, `[a-z]` and `[^…]`, `\d \w \s` and their opposites, `\b \B \A \Z ^ $`, `\xhh` and `\uhhhh`,
 * groups (with or without a name, or `(?:…)`), `|`, `* + ? {n} {n,} {n,m}`, greedy or lazy, and `(?i) (?s) (?m)` at the
 * beginning. `\w` is every letter, digit and `_` of Unicode, `\d` is 0 to 9. Look-around and back references are not
 * supported and are refused.
 *
 * @throws INVALID_INPUT when the pattern is longer than 1,024 characters, malformed, unsupported, or has too many steps
 */
export function compilePattern(source: string, options: PatternOptions): Pattern {
  const { what, mode, maxSteps = 5000 } = options
  const refuse = (why: string): MillraceError => {
    const shown = source.length > 100 ? `${source.slice(0, 100)}…` : source
    return new MillraceError('INVALID_INPUT', `${what} ${JSON.stringify(shown)} cannot be used: ${why}.`)
  }
  if (source.length > maxLength) {
    throw refuse(`it has ${source.length} characters; at most ${maxLength} are allowed`)
  }
  const node = parse(source, { refuse, maxRepeat: maxSteps })
  const program = compile(node, { maxSteps, refuse: () => refuse('it repeats too much') })
  const automaton = new Automaton(program, { isAnchored: mode === 'match' })
  return (text) => automaton.matches(text)
}
