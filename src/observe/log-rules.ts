export const levels = ['debug', 'info', 'warn', 'error'] as const

export type LogLevel = (typeof levels)[number]

/** What is logged, and how it is written; plain data, so that it can cross a thread or process boundary. */
export interface LogRules {
  /** Lowest level that is logged; `silent` logs nothing. Null: that of `MILLRACE_LOG_LEVEL`, else `info`. */
  readonly level: LogLevel | 'silent' | null
  /** `text` for people, `json` for machines: one object a line. Null: JSON when `MILLRACE_LOG=json`, else text. */
  readonly format: 'text' | 'json' | null
  /** Fields whose values are logged as `[redacted]`, besides those that are always secret: `secretNames`. */
  readonly redact: readonly string[]
}

let ofThread: LogRules = { level: null, format: null, redact: [] }

/** Sets the rules of loggers that this thread creates from now on without rules of their own. */
export function setLogRules(rules: LogRules): void {
  ofThread = rules
}

/** The rules of this thread. */
export function logRules(): LogRules {
  return ofThread
}
