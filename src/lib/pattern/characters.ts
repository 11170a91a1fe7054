/** Whether a character, given by its code point, is accepted. */
export type Test = (code: number) => boolean

const digit: Test = (code) => code >= 48 && code <= 57
const space: Test = (code) => /\s/.test(String.fromCodePoint(code))

/** Letters, digits and `_`. */
export const isWord: Test = (code) =>
  code < 128
    ? digit(code) || code === 95 || (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
    : /[\p{L}\p{N}]/u.test(String.fromCodePoint(code))

const classes: Readonly<Record<string, Test>> = { d: digit, w: isWord, s: space }

/** What `\d`, `\w`, `\s` and their opposites in upper case mean; undefined for other letters. */
export function escapedClass(letter: string): Test | undefined {
  const small = letter.toLowerCase()
  const test = Object.hasOwn(classes, small) ? classes[small] : undefined
  if (test === undefined || letter === small) return test
  return (code) => !test(code)
}

/** Accepts exactly one character. */
export function testOf(char: string): Test {
  const wanted = char.codePointAt(0)!
  return (code) => code === wanted
}

/** Accepts a character that any of the tests accepts. */
export const either =
  (tests: readonly Test[]): Test =>
  (code) =>
    tests.some((test) => test(code))

/** Passes a character if its lower or upper case passes. */
export function withoutCase(test: Test): Test {
  return (code) => {
    if (test(code)) return true
    const char = String.fromCodePoint(code)
    return [char.toLowerCase(), char.toUpperCase()].some(
      (other) => other !== char && other.length === char.length && test(other.codePointAt(0)!),
    )
  }
}
