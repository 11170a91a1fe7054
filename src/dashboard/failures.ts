import { isErrorCode } from '../errors.js'

/** How the lines of a stage are asked for in which its failed requests are found. */
export const failuresQuestion = {
  lines: 1000,
  follow: false,
  format: 'json',
  colour: false,
  time: false,
} as const

/** A request that failed in a stage, as a pod of it has logged. */
export interface Failure {
  /** ISO 8601. */
  readonly time: string
  readonly pod: string
  readonly requestId: string
  readonly endpoint: string
  /** Of `MillraceError`; `EXECUTOR_FAILED` when the Executor threw. */
  readonly code: string
  readonly message: string
  /** Of the error, with those of its causes; empty for a mistake of the caller, and where the log has none. */
  readonly stack: string
}

/** Failed requests that are shown of a stage. */
const mostShown = 20

/** Characters of a stack that are shown. */
const mostOfStack = 8192

/** The failed requests in lines of a log in JSON, newest first; a request that failed in several shards once. */
export function failuresIn(lines: readonly string[]): readonly Failure[] {
  const found = new Map<string, Failure>()
  for (const line of lines.toReversed()) {
    // most lines are about other things, and are not parsed
    const failure = line.includes('"requestId"') && line.includes('"code"') ? failureIn(line) : null
    if (failure === null || found.has(failure.requestId)) continue
    found.set(failure.requestId, failure)
    if (found.size === mostShown) break
  }
  return [...found.values()]
}

function failureIn(line: string): Failure | null {
  const { time, name, message, requestId, endpoint, code, error } = parsed(line)
  if (![time, name, message, requestId, endpoint].every((value) => typeof value === 'string')) return null
  if (!isErrorCode(code)) return null
  const { name: kind, message: reason } = (error ?? {}) as Logged
  return {
    ...{ time: String(time), pod: String(name), requestId: String(requestId), endpoint: String(endpoint) },
    ...{ code, message: typeof reason === 'string' ? `${String(kind)}: ${reason}` : String(message) },
    stack: stackOf(error as Logged | undefined).slice(0, mostOfStack),
  }
}

/** An error, as loggers write it in JSON. */
interface Logged {
  readonly name?: unknown
  readonly message?: unknown
  readonly stack?: unknown
  readonly cause?: Logged
}

function stackOf(error: Logged | undefined): string {
  const stacks: string[] = []
  for (let one = error; typeof one?.stack === 'string'; one = one.cause) stacks.push(one.stack)
  return stacks.join('\nCaused by: ')
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(line)) as Record<string, unknown>
  } catch {
    return {} // a line that was cut
  }
}
