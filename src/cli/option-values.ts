import { UsageError } from './usage-error.js'

/** Asking more often would be work for the Flow's main thread. */
const leastIntervalMs = 100

type Values = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** A whole number, 0 or more; undefined when it was not given. @throws UsageError */
export function numberOption(values: Values, name: string): number | undefined {
  const value = values[name]
  if (value === undefined) return undefined
  if (/^\d{1,15}$/.test(String(value))) return Number(value)
  throw new UsageError(`--${name} must be a whole number, not '${String(value)}'.`)
}

/** `--interval` in milliseconds; undefined when it was not given. @throws UsageError */
export function intervalOption(values: Values): number | undefined {
  const interval = numberOption(values, 'interval')
  if (interval === undefined || interval >= leastIntervalMs) return interval
  throw new UsageError(`--interval must be ${leastIntervalMs} or more, not ${interval}.`)
}

/** A JSON object; undefined when it was not given. @throws UsageError */
export function objectOption(values: Values, name: string): Record<string, unknown> | undefined {
  const value = values[name]
  if (value === undefined) return undefined
  const parsed = parse(String(value))
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
    return parsed as Record<string, unknown>
  }
  throw new UsageError(`--${name} must be a JSON object, not '${String(value).slice(0, 80)}'.`)
}

/** Refuses the key `__proto__`, which a later copy could turn into a prototype. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text, (key, value: unknown) => (key === '__proto__' ? undefined : value))
  } catch {
    return undefined
  }
}

/** Drops undefined values. */
export function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
