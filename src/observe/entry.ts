import { inspect } from 'node:util'
import type { LogLevel, LogRules } from './log-rules.js'
import { redacted, type Redaction } from './redaction.js'

/** How log entries are written: `line` for people, `json` for machines. */
export type LogFormat = 'line' | 'json'

/** One message of a logger. */
export interface Entry {
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly level: LogLevel
  readonly name: string
  readonly pid: number
  readonly message: string
  readonly fields: object | undefined
}

export interface LineStyle {
  readonly colour: boolean
  /** Writes the time in front. */
  readonly time: boolean
}

/** Longest text of an error with its stack and causes, in UTF-16 units. */
const longestError = 16_384

/** The format of these rules; without one, `json` when `MILLRACE_LOG=json`. */
export function logFormat({ format }: Pick<LogRules, 'format'> = { format: null }): LogFormat {
  const asked = format ?? process.env.MILLRACE_LOG
  return asked === 'json' ? 'json' : 'line'
}

/** The style of lines of this process: colours on a terminal unless `NO_COLOR` is set, times when `MILLRACE_LOG_TIME=1`. */
export function lineStyle(): LineStyle {
  const colour = process.stdout.isTTY && process.stderr.isTTY && !process.env.NO_COLOR
  return { colour, time: process.env.MILLRACE_LOG_TIME === '1' }
}

const colours: Readonly<Record<LogLevel, number>> = { debug: 90, info: 36, warn: 33, error: 31 }

/** `name@pid[I]: message {"field":1}`; `tail` is what comes after the message. */
export function textLine(entry: Omit<Entry, 'fields'>, tail: string, style: LineStyle): string {
  const { time, level, name, pid, message } = entry
  const letter = level.charAt(0).toUpperCase()
  const mark = style.colour ? `\u001b[${colours[level]}m${letter}\u001b[39m` : letter
  return `${style.time ? `${iso(time)} ` : ''}${name}@${pid}[${mark}]: ${message}${tail}`
}

/** Fields as JSON behind a space, then each error among them with its stack and causes, on lines of their own. */
export function tailOf(fields: object | undefined, redaction?: Redaction): string {
  if (fields === undefined) return ''
  const entries = Object.entries(readable(fields))
  const errors = entries.filter(([, value]) => value instanceof Error)
  const others = entries.filter(([, value]) => !(value instanceof Error))
  const json =
    others.length === 0 && errors.length > 0 ? '' : ` ${toJson(Object.fromEntries(others), redaction)}`
  const texts = errors.map(([, error]) => redaction?.inspected(errorText(error)) ?? errorText(error))
  return errors.length === 0 ? json : `${json}\n${texts.join('\n')}`
}

/** `{"time":…,"level":…,"name":…,"pid":…,"message":…}` with the fields. These properties win over fields of the same name. */
export function jsonLine(entry: Entry, redaction?: Redaction): string {
  const own = ownFields(entry)
  const { fields } = entry
  return toJson({ ...own, ...(fields && readable(fields)), ...own }, redaction, own)
}

/** What an entry says about itself. */
export function ownFields({ time, level, name, pid, message }: Entry): object {
  return { time: iso(time), level, name, pid, message }
}

/** Whether an error is among the fields; they are more than JSON then. */
export function hasError(fields: object | undefined): boolean {
  return fields !== undefined && Object.values(readable(fields)).some((value) => value instanceof Error)
}

/** A copy of the fields; a getter that throws makes them one field that says so. */
function readable(fields: object): object {
  try {
    return { ...fields }
  } catch (error) {
    return { unwritable: String(error) }
  }
}

/**
 * A log line must never throw: cycles, and values that JSON does not support, become text. `redaction` does not apply to the
 * outermost keys that `own` has.
 */
export function toJson(value: object, redaction?: Redaction, own: object = {}): string {
  const above: unknown[] = []
  const keys: string[] = []
  try {
    return JSON.stringify(value, function (this: unknown, key, given: unknown) {
      while (above.length > 0 && above.at(-1) !== this) {
        above.pop()
        keys.pop()
      }
      if (redaction !== undefined && above.length > 0 && !(this === value && Object.hasOwn(own, key))) {
        keys.push(key)
        const isSecret = given !== null && given !== undefined && redaction.isSecret(keys)
        keys.pop()
        if (isSecret) return redacted
      }
      if (typeof given === 'bigint') return String(given)
      if (typeof given === 'number' && !Number.isFinite(given)) return String(given) // JSON would have null
      const item = given instanceof Error ? errorFields(given) : given
      if (typeof item !== 'object' || item === null) return item
      if (above.includes(given)) return '[circular]'
      above.push(item)
      keys.push(key)
      return item
    })
  } catch (error) {
    return JSON.stringify({ unwritable: String(error) })
  }
}

/** An error with its stack and causes; `depth` bounds causes that go in a circle. */
function errorFields(error: Error, depth = 0): object {
  const { name, message, stack, cause } = error
  const { code } = error as { readonly code?: unknown }
  const below = cause instanceof Error ? (depth < 10 ? errorFields(cause, depth + 1) : undefined) : cause
  return {
    name,
    message,
    ...(code !== undefined && { code }),
    stack: shortened(String(stack ?? '')),
    ...(below !== undefined && { cause: below }),
  }
}

function errorText(error: unknown): string {
  try {
    return shortened(inspect(error))
  } catch {
    return String((error as Error).stack)
  }
}

function shortened(text: string): string {
  return text.length <= longestError ? text : `${text.slice(0, longestError)}…`
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
