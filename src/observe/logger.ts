import { jsonLine, lineStyle, type LogFormat, logFormat, tailOf, textLine } from './entry.js'
import { levels, type LogLevel, type LogRules, logRules } from './log-rules.js'
import { redactionOf } from './redaction.js'
import { isRelaying, relayedLine } from './relay.js'
import { printLine } from './standard-error.js'

/** Where a component logs. `fields` are written as JSON after the message, and errors among them with stack and causes. */
export interface Logger {
  /** Details for those who look for a fault; not written by default. */
  debug(message: string, fields?: object): void
  /** What has happened, as expected. */
  info(message: string, fields?: object): void
  /** What somebody should look at; the work goes on. */
  warn(message: string, fields?: object): void
  /** What has failed. */
  error(message: string, fields?: object): void
}

export type { LogLevel } from './log-rules.js'

export interface LoggerOptions {
  /** Default: those of the thread. */
  readonly rules?: LogRules
  /** Lowest level that is written; default that of the rules. `silent` writes nothing. */
  readonly level?: LogLevel | 'silent'
  /** `line` for people, `json` for machines; default that of the rules. */
  readonly format?: LogFormat
  /** Colours the letter of the level; default: on a terminal, unless `NO_COLOR` is set. */
  readonly colour?: boolean
  /** Writes the time in front of a line for people; default: when `MILLRACE_LOG_TIME=1`. */
  readonly time?: boolean
  /** Takes one line, without its line feed; default debug and info to standard output, the rest to standard error. */
  readonly write?: (line: string, level: LogLevel) => void
  /** Writes entries for the program, which formats them (`relayLogs`). Default: without `write`, where that was called. */
  readonly relays?: boolean
}

/**
 * A logger that writes one line a message: `name@pid[I]: message {"field":1}`, or with `format: 'json'`
 * `{"time":…,"level":"info","name":…,"pid":…,"message":…,"field":1}`. The first format keeps line feeds of a message, and
 * writes errors with their stacks and causes below it; text from clients belongs in the fields, where it cannot pass for a
 * line of its own.
 *
 * Settings are read once, when the logger is created: a pod reads its own environment. The program that runs the pod formats
 * its lines (`relayLogs`).
 */
export function createLogger(name: string, options: LoggerOptions = {}): Logger {
  const { rules = logRules() } = options
  const least = rank(options.level ?? rules.level ?? process.env.MILLRACE_LOG_LEVEL ?? 'info')
  const format = options.format ?? logFormat(rules)
  const write = options.write ?? toStandardStreams
  const style = { ...lineStyle(), ...options }
  const { pid } = process
  const relays = options.relays ?? (isRelaying() && options.write === undefined)
  const redaction = redactionOf(rules.redact)
  const render = (level: LogLevel, message: string, fields: object | undefined): string => {
    const entry = { time: Date.now(), level, name, pid, message, fields }
    if (relays) return relayedLine(entry, redaction)
    return format === 'json' ? jsonLine(entry, redaction) : textLine(entry, tailOf(fields, redaction), style)
  }
  const at = (level: LogLevel) =>
    levels.indexOf(level) < least
      ? silence
      : (message: string, fields?: object) => write(redaction.text(render(level, message, fields)), level)
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/**
 * A logger of the program itself: standard output belongs to the user, so everything goes to standard error. In the gateway's
 * thread its entries are relayed.
 */
export function programLogger(name: string, rules: LogRules = logRules()): Logger {
  return createLogger(name, { rules, write: printLine, relays: isRelaying() })
}

/** An unknown level counts as `info`: a typo in the environment must not silence a program. */
function rank(level: string): number {
  if (level === 'silent') return levels.length
  const found = levels.indexOf(level.toLowerCase() as LogLevel)
  return found === -1 ? levels.indexOf('info') : found
}

function toStandardStreams(line: string, level: LogLevel): void {
  const stream = level === 'debug' || level === 'info' ? process.stdout : process.stderr
  stream.write(`${line}\n`)
}

function silence(): void {}
