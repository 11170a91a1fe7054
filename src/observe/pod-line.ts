import { jsonLine, type LineStyle, lineStyle, type LogFormat, logFormat } from './entry.js'
import type { LogRules } from './log-rules.js'
import { parseRelayed, type RelayedEntry, renderRelayed } from './relay.js'

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

/** The log format of these rules, or else of the environment of this process. */
export function podLog(rules?: Pick<LogRules, 'format'>): PodLog {
  return { format: logFormat(rules), style: lineStyle() }
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
  if (entry === null) return { log: plainLine(line, printer, { format, style }, Date.now()), kept: line }
  const kept = renderRelayed(entry, 'line', { colour: false, time: false })
  return { log: isRepeated(entry) ? null : renderRelayed(entry, format, style), kept }
}

/** The same for a line that was printed at `time`, in milliseconds since the epoch, and is shown again: also for repeated events. */
export function shownLine(line: string, printer: Printer, log: PodLog, time: number): string {
  const entry = parseRelayed(line)
  return entry === null ? plainLine(line, printer, log, time) : renderRelayed(entry, log.format, log.style)
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
function plainLine(line: string, { name, pid }: Printer, { format, style }: PodLog, time: number): string {
  if (format === 'json') {
    if (isEntry(line)) return line
    return jsonLine({ time, level: 'info', name, pid, message: line, fields: undefined })
  }
  const prefix = `${name}@${pid}`
  if (line.startsWith(prefix)) return line
  return `${style.time ? `${new Date(time).toISOString()} ` : ''}${prefix}: ${line}`
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
