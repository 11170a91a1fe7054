import { MillraceError } from '../errors.js'

/** Which lines of a Flow's log are asked for, and how they are written. */
export interface LogQuestion {
  /** A stage, a shard or a pod, such as `exec`, `exec/shard-1` and `exec/rep-0`, or `gateway`; null for all. */
  readonly of: string | null
  /** The maximum number of earlier lines; null for all that are kept. */
  readonly lines: number | null
  /** Whether later lines follow, until the Flow closes. */
  readonly follow: boolean
  readonly format: 'text' | 'json'
  /** Colours the levels. */
  readonly colour: boolean
  /** Puts the time in front of a line of text. */
  readonly time: boolean
}

/** Lines of a Flow's log. */
export interface LogLines {
  /** The earlier lines, oldest first, without trailing line feeds. */
  readonly lines: readonly string[]
  /** Calls `onLine` for each later line, until the returned function is called. */
  follow(onLine: (line: string) => void): () => void
}

/** Writes the question as the query of a URL. */
export function logQuery({ of, lines, follow, format, colour, time }: LogQuestion): string {
  const query = new URLSearchParams({ format })
  if (of !== null) query.set('of', of)
  if (lines !== null) query.set('lines', String(lines))
  for (const [name, value] of Object.entries({ follow, colour, time })) if (value) query.set(name, '1')
  return String(query)
}

/** @throws INVALID_OPTION */
export function parseLogQuery(text: string): LogQuestion {
  const query = new URLSearchParams(text)
  const format = query.get('format') ?? 'text'
  if (format !== 'text' && format !== 'json')
    throw new MillraceError('INVALID_OPTION', `format must be text or json, not ${JSON.stringify(format)}.`)
  const lines = query.get('lines')
  if (lines !== null && !/^\d{1,9}$/.test(lines))
    throw new MillraceError('INVALID_OPTION', `lines must be a whole number, not ${JSON.stringify(lines)}.`)
  const flag = (name: string): boolean => query.get(name) === '1'
  return {
    of: query.get('of'),
    lines: lines === null ? null : Number(lines),
    follow: flag('follow'),
    format,
    colour: flag('colour'),
    time: flag('time'),
  }
}
