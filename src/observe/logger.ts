/** Where a component logs. `fields` are written as JSON after the message. */
export interface Logger {
  debug(message: string, fields?: object): void
  info(message: string, fields?: object): void
  warn(message: string, fields?: object): void
  error(message: string, fields?: object): void
}

const levels = ['debug', 'info', 'warn', 'error'] as const

export type LogLevel = (typeof levels)[number]

export interface LoggerOptions {
  /** Lowest level that is written; default `MILLRACE_LOG_LEVEL`, else `info`. `silent` writes nothing. */
  readonly level?: LogLevel | 'silent'
  /** `line` for people, `json` for machines; default `json` when `MILLRACE_LOG=json`. */
  readonly format?: 'line' | 'json'
  /** Colours the letter of the level; default: on a terminal, unless `NO_COLOR` is set. */
  readonly colour?: boolean
  /** Takes one line, without its line feed; default debug and info to standard output, the rest to standard error. */
  readonly write?: (line: string, level: LogLevel) => void
}

/**
 * A logger that writes one line a message: `name@pid[I]: message {"field":1}`, or with `format: 'json'`
 * `{"time":…,"level":"info","name":…,"pid":…,"message":…,"field":1}`. The first format keeps line feeds of a message;
 * text from clients belongs in the fields, where it cannot pass for a line of its own.
 *
 * Settings are read once, when the logger is created: a pod reads its own environment.
 */
export function createLogger(name: string, options: LoggerOptions = {}): Logger {
  const least = rank(options.level ?? process.env.MILLRACE_LOG_LEVEL ?? 'info')
  const render = (options.format ?? process.env.MILLRACE_LOG) === 'json' ? jsonLine : textLine
  const write = options.write ?? toStandardStreams
  const colour = options.colour ?? (process.stdout.isTTY && process.stderr.isTTY && !process.env.NO_COLOR)
  const at = (level: LogLevel) =>
    levels.indexOf(level) < least
      ? silence
      : (message: string, fields?: object) => write(render({ name, level, message, fields, colour }), level)
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

interface Entry {
  readonly name: string
  readonly level: LogLevel
  readonly message: string
  readonly fields: object | undefined
  readonly colour: boolean
}

const colours: Readonly<Record<LogLevel, number>> = { debug: 90, info: 36, warn: 33, error: 31 }

function textLine({ name, level, message, fields, colour }: Entry): string {
  const letter = level.charAt(0).toUpperCase()
  const mark = colour ? `\u001b[${colours[level]}m${letter}\u001b[39m` : letter
  const tail = fields === undefined ? '' : ` ${toJson(fields)}`
  return `${name}@${process.pid}[${mark}]: ${message}${tail}`
}

/** The entry's own properties win over fields of the same name. */
function jsonLine({ name, level, message, fields }: Entry): string {
  const time = new Date().toISOString()
  return toJson({ ...fields, time, level, name, pid: process.pid, message })
}

/** A log line must never throw: cycles, and values that JSON does not support, become text. */
function toJson(value: object): string {
  const above: unknown[] = []
  try {
    return JSON.stringify(value, function (this: unknown, _key, item: unknown) {
      if (typeof item === 'bigint') return String(item)
      if (item instanceof Error) return { name: item.name, message: item.message, stack: item.stack }
      if (typeof item !== 'object' || item === null) return item
      while (above.length > 0 && above.at(-1) !== this) above.pop()
      if (above.includes(item)) return '[circular]'
      above.push(item)
      return item
    })
  } catch (error) {
    return JSON.stringify({ unwritable: String(error) })
  }
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
