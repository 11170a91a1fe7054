/**
 * How log entries of a pod reach the program that runs it: a line of JSON on the pod's output, which the program parses and
 * writes in its own format. An entry stays one line, however many line feeds its message or the stack of its error has.
 */
import {
  type Entry,
  hasError,
  type LineStyle,
  type LogFormat,
  ownFields,
  tailOf,
  textLine,
  toJson,
} from './entry.js'
import type { Redaction } from './redaction.js'

/** First character of a relayed line (RFC 7464); ordinary output does not begin with it. */
const mark = '\u001e'

/** Longer lines would be cut where they are read (`readLines`). */
const longest = 60_000

/** Key of a field: entries of different pods with the same value are one event, and only the first one is written. */
export const eventKey: unique symbol = Symbol.for('millrace.event') as never

/** An entry from another process; `fields` are plain JSON. */
export interface RelayedEntry extends Entry {
  /** What a line for people has after the message; null when that is the fields as JSON. */
  readonly tail: string | null
  readonly event: string | null
}

let relaying = false

/** Makes the loggers that are created from now on relay what they write to the program that runs this pod. */
export function relayLogs(): void {
  relaying = true
}

export function isRelaying(): boolean {
  return relaying
}

export function relayedLine(entry: Entry, redaction?: Redaction): string {
  const fields: { readonly [eventKey]?: string } | undefined = entry.fields
  const event = fields?.[eventKey] ?? null
  const relayed = { ...entry, tail: hasError(fields) ? tailOf(fields, redaction) : null, event }
  const line = mark + toJson(relayed, redaction, relayed)
  if (line.length <= longest) return line
  const tail = (relayed.tail ?? tailOf(fields, redaction)).slice(0, longest / 4)
  const message = relayed.message.slice(0, longest / 4)
  return mark + toJson({ ...relayed, message, tail, fields: { shortened: true } })
}

/** Null for a line that no logger has written. */
export function parseRelayed(line: string): RelayedEntry | null {
  if (!line.startsWith(mark)) return null
  try {
    return JSON.parse(line.slice(mark.length)) as RelayedEntry
  } catch {
    return null // a line that was cut
  }
}

/** Formats a relayed entry as a line of the program's log. */
export function renderRelayed(entry: RelayedEntry, format: LogFormat, style: LineStyle): string {
  const { fields } = entry
  // its fields have gone through JSON, so that nothing in them needs care
  if (format === 'json') {
    const own = ownFields(entry)
    return JSON.stringify({ ...own, ...fields, ...own })
  }
  return textLine(entry, entry.tail ?? (fields === undefined ? '' : ` ${JSON.stringify(fields)}`), style)
}
