/**
 * Converts a text after substitution to a value, as Jina does (jina.md 1.6): integers, decimals, booleans, flat lists, and
 * quoted strings; the empty text is null.
 *
 * @example
 * reparse('[1, a]') // [1, 'a']
 */
export function reparse(text: string): unknown {
  if (text === '') return null
  const [first, last] = [text.at(0), text.at(-1)]
  if (text.length > 1 && (first === '"' || first === "'") && first === last) return text.slice(1, -1)
  if (first === '[' && last === ']') return listOf(text.replaceAll(/[[\]]/g, ''))
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return numberOf(text)
  if (/^true$/i.test(text)) return true
  return /^false$/i.test(text) ? false : text
}

function listOf(items: string): unknown[] {
  return items.trim() === '' ? [] : items.split(',').map((item) => reparse(item.trim()))
}

/** An integer that a double cannot represent stays a string. */
function numberOf(text: string): number | string {
  const value = Number(text)
  if (/^[+-]?\d+$/.test(text) && !Number.isSafeInteger(value)) return text
  return Number.isFinite(value) ? value : text
}
