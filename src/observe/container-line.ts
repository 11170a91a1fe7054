import { type LogLevel, levels } from './log-rules.js'
import { type PodLog, shownLine } from './pod-line.js'
import { type RelayedEntry, renderRelayed } from './relay.js'

/** A line that a container printed. */
export interface PrintedLine {
  /** Name of the pod, which replaces the name that the line has: replicas write the same one. */
  readonly name: string
  /** When it was printed, in milliseconds since the epoch. */
  readonly time: number
  readonly text: string
}

/** `2026-11-30T12:00:00.000Z cashier@17[I]: paid {"card":"[redacted]"}`; the time and the level may be missing. */
const form = /^(?:\d{4}-\d\d-\d\dT[\d:.]+Z )?[^\s@]+@(\d+)(?:\[([DIWE])\])?: (.*)$/s

/** Process id of what a container prints beside Millrace. */
const firstPid = 1

/**
 * Formats a line of a container as those of other pods. Millrace has formatted it there already, as text or as JSON; both are
 * parsed, so that the format is up to the reader. An error's stack is part of a line in JSON only: in text its lines are lines
 * of their own.
 */
export function containerLine({ name, time, text }: PrintedLine, log: PodLog): string {
  const entry = parseJson(text, name) ?? parseText(text, { name, time }, log)
  if (entry !== null) return renderRelayed(entry, log.format, log.style)
  const [, pid, , rest] = form.exec(text) ?? []
  return shownLine(rest ?? text, { name, pid: Number(pid ?? firstPid) }, log, time)
}

/** An entry of a logger that writes JSON; null for another line. */
function parseJson(text: string, name: string): RelayedEntry | null {
  if (!text.startsWith('{')) return null
  const parsed = parseObject(text)
  if (parsed === null) return null
  const { time, level, name: own, pid, message, ...fields } = parsed
  const at = Date.parse(String(time))
  if (!isLevel(level) || typeof own !== 'string' || typeof message !== 'string' || Number.isNaN(at))
    return null
  return {
    ...{ time: at, level, name, pid: Number(pid), message },
    fields: Object.keys(fields).length === 0 ? undefined : fields,
    tail: tailWithStacks(fields),
    event: null,
  }
}

function parseText(
  text: string,
  { name, time }: Pick<PrintedLine, 'name' | 'time'>,
  { format }: PodLog,
): RelayedEntry | null {
  const [, pid, letter, rest = ''] = form.exec(text) ?? []
  const level = letter === undefined ? undefined : levels.find((one) => one.startsWith(letter.toLowerCase()))
  if (level === undefined) return null
  const entry = { time, level, name, pid: Number(pid), event: null }
  const at = rest.indexOf(' {"')
  // only JSON has fields of their own
  const fields = format === 'json' && at !== -1 ? parseObject(rest.slice(at + 1)) : null
  return fields === null
    ? { ...entry, message: rest, fields: undefined, tail: '' }
    : { ...entry, message: rest.slice(0, at), fields, tail: null }
}

/** Fields as JSON; errors among them as their stacks, on lines of their own. Null without errors. */
function tailWithStacks(fields: Readonly<Record<string, unknown>>): string | null {
  const entries = Object.entries(fields)
  const stacks = entries.flatMap(([, value]) => stackOf(value) ?? [])
  if (stacks.length === 0) return null
  const others = entries.filter(([, value]) => stackOf(value) === null)
  const json = others.length === 0 ? '' : ` ${JSON.stringify(Object.fromEntries(others))}`
  return `${json}\n${stacks.join('\n')}`
}

function stackOf(value: unknown): string | null {
  const { stack } = (value ?? {}) as { readonly stack?: unknown }
  return typeof stack === 'string' && stack !== '' ? stack : null
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

function isLevel(value: unknown): value is LogLevel {
  return levels.some((level) => level === value)
}
