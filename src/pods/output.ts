import { jsonLine, type LineStyle, lineStyle, type LogFormat, logFormat } from '../observe/entry.js'
import { parseRelayed, type RelayedEntry, renderRelayed } from '../observe/relay.js'

/** Number of lines kept to explain why a pod died. */
const keptLines = 20

/** The last lines of a pod's output. */
export class OutputTail {
  readonly #lines: string[] = []

  get lines(): readonly string[] {
    return [...this.#lines]
  }

  push(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length > keptLines) this.#lines.shift()
  }
}

/** The pod that printed a line. */
export interface Printer {
  readonly name: string
  readonly pid: number
}

/** How the program writes its log. */
export interface PodLog {
  readonly format: LogFormat
  readonly style: LineStyle
}

/** The log format that the environment of this process selects. */
export function podLog(): PodLog {
  return { format: logFormat(), style: lineStyle() }
}

/** Events that pods have logged, by `eventKey`, with the name of the first pod that logged them. */
const seen = new Map<string, string>()
const mostSeen = 100

/**
 * Converts a line of a pod's output to a line of the program's log: an entry of the pod's logger in the program's format;
 * other output as `exec/rep-1@3412: …`, or as a message. `kept` is the line for `OutputTail`. `log` is null for an event
 * that another pod has logged already.
 */
export function podLine(
  line: string,
  printer: Printer,
  { format, style }: PodLog,
): { readonly log: string | null; readonly kept: string } {
  const entry = parseRelayed(line)
  if (entry === null) return { log: plainLine(line, printer, { format, style }), kept: line }
  const kept = renderRelayed(entry, 'line', { colour: false, time: false })
  return { log: isRepeated(entry) ? null : renderRelayed(entry, format, style), kept }
}

function isRepeated({ event, name }: RelayedEntry): boolean {
  if (event === null) return false
  const first = seen.get(event)
  if (first !== undefined) return first !== name
  if (seen.size >= mostSeen) seen.delete(seen.keys().next().value!)
  seen.set(event, name)
  return false
}

/** Formats output that was not relayed by Millrace's logger; Millrace in a container has formatted its lines already. */
function plainLine(line: string, { name, pid }: Printer, { format, style }: PodLog): string {
  if (format === 'json') {
    if (isEntry(line)) return line
    return jsonLine({ time: Date.now(), level: 'info', name, pid, message: line, fields: undefined })
  }
  const prefix = `${name}@${pid}`
  if (line.startsWith(prefix)) return line
  return `${style.time ? `${new Date().toISOString()} ` : ''}${prefix}: ${line}`
}

function isEntry(line: string): boolean {
  if (!line.startsWith('{')) return false
  try {
    const { time, level, name, message } = JSON.parse(line) as Record<string, unknown>
    return [time, level, name, message].every((value) => typeof value === 'string')
  } catch {
    return false
  }
}
