import type { Option } from '../plan/option.js'
import { isMapping } from '../lib/mapping.js'
import { reparse } from '../yaml/reparse.js'

/**
 * Converts a value from YAML, the environment or a command line to one that the option accepts. Tries it unchanged, then as
 * the number, boolean or JSON that a string contains, in lower and upper case, and a number as a string. Undefined when none
 * is accepted.
 *
 * @example
 * readAs(integer(0), '8080') // 8080
 */
export function readAs(option: Option<unknown>, value: unknown): unknown {
  return readings(value).find((reading) => option.parse(reading) !== undefined)
}

function readings(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return ofText(value)
  if (typeof value === 'number') return [value, String(value)]
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value
    return [items, items.map(ofItem), items.map(lower), items.map(asText)]
  }
  if (!isMapping(value)) return [value]
  const changed = (change: (item: unknown) => unknown) =>
    Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item)]))
  return [value, changed(ofItem), changed(upper), changed(asText), camelKeys(value)]
}

function ofText(text: string): readonly unknown[] {
  const json = fromJson(text)
  return [text, ofItem(text), lower(text), upper(text), ...(json === undefined ? [] : readings(json))]
}

function ofItem(item: unknown): unknown {
  if (typeof item !== 'string') return item
  if (/^yes$/i.test(item)) return true
  return /^no$/i.test(item) ? false : reparse(item)
}

function fromJson(text: string): unknown {
  // JSON with `__proto__` is never meant as options
  if (!/^\s*[{[]/.test(text) || text.includes('__proto__')) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function lower(item: unknown): unknown {
  return typeof item === 'string' ? item.toLowerCase() : item
}

function upper(item: unknown): unknown {
  return typeof item === 'string' ? item.toUpperCase() : item
}

function asText(item: unknown): unknown {
  return typeof item === 'number' || typeof item === 'boolean' ? String(item) : item
}

/** `{ max_requests: 5 }` → `{ maxRequests: 5 }` */
function camelKeys(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const camel = (key: string) => key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [camel(key), item]))
}
