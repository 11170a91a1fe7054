import { MillraceError } from '../../errors.js'
import { endOfString, parseKeepingIntegers } from './long-integers.js'
import { reasonOf } from '../../lib/reason.js'

// Python's json module writes these tokens, which JSON does not have; the parser reads 1e999 as an infinity.
const tokens: readonly (readonly [token: string, json: string])[] = [
  ['NaN', 'null'],
  ['-Infinity', '-1e999'],
  ['Infinity', '1e999'],
]

const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Parses the UTF-8 bytes of a JSON text. Also accepts `NaN`, which becomes null, `Infinity` and `-Infinity`, as Python
 * writes them. Integers of tensors keep their digits, as BigInts where a double cannot hold them. Throws MALFORMED.
 */
export function parseJson(bytes: Uint8Array): unknown {
  const text = textOf(bytes)
  try {
    return parseKeepingIntegers(text)
  } catch (error) {
    const replaced = withoutTokens(text)
    if (replaced === text) throw noJson(error)
    try {
      return parseKeepingIntegers(replaced)
    } catch (second) {
      throw noJson(second)
    }
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (error) {
    throw noJson(error)
  }
}

/** The text with other numbers in place of Python's tokens, outside of strings. Takes linear time. */
function withoutTokens(text: string): string {
  if (!text.includes('NaN') && !text.includes('Infinity')) return text
  let replaced = ''
  let copied = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') {
      at = endOfString(text, at)
      continue
    }
    const found = tokens.find(([token]) => text.startsWith(token, at))
    if (found === undefined) continue
    replaced += text.slice(copied, at) + found[1]
    copied = at + found[0].length
    at = copied - 1
  }
  return replaced + text.slice(copied)
}

function noJson(cause: unknown): MillraceError {
  const why = reasonOf(cause)
  return new MillraceError('MALFORMED', `The body is not JSON in UTF-8: ${why}.`, { cause })
}
