import { MillraceError } from '../errors.js'
import { compilePattern } from '../lib/pattern/pattern.js'
import { equal } from './equal.js'

/** The compiled operand of an operator: tests the value of a Document. */
export type Passes = (actual: unknown) => boolean

/** Most steps of a `$regex`: matching may cost that many for each character of a text. */
const maxPatternSteps = 1000

/** A string may come from a caller and is matched in linear time; a RegExp can only come from the program itself. */
export function patternOf(wanted: unknown): Passes {
  if (wanted instanceof RegExp) {
    // a sticky or global pattern keeps the position of its last match
    const pattern = new RegExp(wanted.source, wanted.flags.replace(/[gy]/g, ''))
    return (actual) => typeof actual === 'string' && pattern.test(actual)
  }
  if (typeof wanted !== 'string') throw refused('$regex takes a pattern')
  const matches = compilePattern(wanted, { what: '$regex', mode: 'search', maxSteps: maxPatternSteps })
  return (actual) => typeof actual === 'string' && matches(actual)
}

/** Strings, numbers, booleans and null are looked up in a Set; only objects are compared one by one. */
export function listOf(name: string, wanted: unknown): Passes {
  if (!Array.isArray(wanted)) throw refused(`${name} takes a list`)
  const values = new Set<unknown>()
  const objects: unknown[] = []
  for (const value of wanted as readonly unknown[]) {
    if (typeof value === 'object' && value !== null) objects.push(value)
    // NaN equals nothing
    else if (!Number.isNaN(value)) values.add(value ?? undefined)
  }
  return (actual) => values.has(actual ?? undefined) || objects.some((value) => equal(actual, value))
}

export function refused(what: string): MillraceError {
  return new MillraceError('INVALID_INPUT', `A filter cannot be used: ${what}.`)
}
