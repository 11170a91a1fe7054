/**
 * Every code, and whether the same request may be sent again without a change, to another replica or later. What each one is
 * about: `error-codes.ts`, which clients in browsers do not load.
 */
const retryableByCode = {
  // the caller's configuration
  INVALID_OPTION: false,
  UNKNOWN_OPTION: false,
  INVALID_NAME: false,
  INVALID_EXECUTOR: false,
  MODULE_NOT_FOUND: false,
  EXPORT_NOT_FOUND: false,
  BAD_YAML: false,
  UNSUPPORTED: false,
  // the life of a Flow
  NOT_STARTED: false,
  ALREADY_STARTED: false,
  START_FAILED: false,
  START_TIMEOUT: false,
  FORBIDDEN: false,
  PORT_IN_USE: false,
  WORKSPACE_CONFLICT: false,
  // what a caller hands in
  INVALID_INPUT: false,
  INPUT_FAILED: false,
  CALLBACK_FAILED: false,
  MALFORMED: false,
  // a request on its way
  EXECUTOR_FAILED: false,
  INVALID_RESULT: false,
  UNAUTHENTICATED: false,
  NOT_FOUND: false,
  UNAVAILABLE: true,
  RESOURCE_EXHAUSTED: true,
  OUTCOME_UNKNOWN: false,
  POISON_REQUEST: false,
  DEADLINE_EXCEEDED: false,
  CANCELLED: false,
  INTERNAL: false,
} as const satisfies Record<string, boolean>

/** A code of the error catalogue, docs/errors.md. */
export type ErrorCode = keyof typeof retryableByCode

/** Whether a text is a code of the catalogue. */
export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === 'string' && Object.hasOwn(retryableByCode, text)
}

/** Whether errors with this code are retryable unless they say otherwise. */
export function isRetryable(code: ErrorCode): boolean {
  return retryableByCode[code]
}

/** Where an error happened, as far as it is known. Added by one layer on the way out. */
export interface Whereabouts {
  /** The stage. */
  readonly deployment?: string
  /** Name of the replica, such as `exec/shard-0/rep-1`. */
  readonly pod?: string
  readonly endpoint?: string
  /** `host:port` of an external server. */
  readonly address?: string
}

export interface MillraceErrorOptions {
  readonly cause?: unknown
  readonly where?: Whereabouts
  /** Overrides what the code says about repeating. */
  readonly retryable?: boolean
  /** It is certain that no handler saw the request, so that even a write may be sent again. Default false. */
  readonly notRun?: boolean
  /** Milliseconds after which sending again may help; null when nobody can tell. Default null. */
  readonly retryAfterMs?: number | null
  /** The last lines a pod printed before it died. */
  readonly output?: readonly string[]
}

/** All that an error says, as plain data that crosses threads and processes; neither its cause nor its stack. */
export interface ErrorFacts extends Required<Omit<MillraceErrorOptions, 'cause'>> {
  readonly code: ErrorCode
  readonly message: string
}

const brand = Symbol.for('millrace.error')

/** The one error class of Millrace. Check with `MillraceError.is`, which also knows errors of another copy of the package. */
export class MillraceError extends Error {
  readonly code: ErrorCode
  /** Whether the same request may succeed when it is sent again. */
  readonly retryable: boolean
  /** No handler saw the request: sending it again cannot run it twice. */
  readonly notRun: boolean
  /** Milliseconds after which sending again may help; null when nobody can tell. */
  readonly retryAfterMs: number | null
  readonly where: Whereabouts
  /** The last lines that a lost or failed pod printed; empty for other errors. */
  readonly output: readonly string[]

  constructor(code: ErrorCode, message: string, options: MillraceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? isRetryable(code)
    this.notRun = options.notRun ?? false
    this.retryAfterMs = options.retryAfterMs ?? null
    this.where = options.where ?? {}
    this.output = options.output ?? []
    hideDefaults(this)
  }

  get [brand](): true {
    return true
  }

  override get name(): 'MillraceError' {
    return 'MillraceError'
  }

  /** Whether a value is a MillraceError, also of another copy of the package. */
  static is(value: unknown): value is MillraceError {
    return typeof value === 'object' && value !== null && brand in value
  }

  /** A MillraceError as it is; anything else wrapped with the given code. */
  static from(value: unknown, code: ErrorCode = 'INTERNAL'): MillraceError {
    if (MillraceError.is(value)) return value
    return new MillraceError(code, value instanceof Error ? value.message : String(value), { cause: value })
  }

  get facts(): ErrorFacts {
    const { code, message, retryable, notRun, retryAfterMs, where, output } = this
    return { code, message, retryable, notRun, retryAfterMs, where, output }
  }

  /** The same error with more of its whereabouts; what was known before wins. */
  at(where: Whereabouts): MillraceError {
    const { code, message, ...facts } = this.facts
    const copy = new MillraceError(code, message, {
      ...facts,
      cause: this.cause,
      where: { ...where, ...this.where },
    })
    if (this.stack !== undefined) copy.stack = this.stack
    return copy
  }
}

/** `console.log` shows an error with its enumerable properties, as Node's errors have `code`: those that say nothing are hidden. */
function hideDefaults(error: MillraceError): void {
  const { notRun, retryAfterMs, where, output } = error
  const hidden: readonly (keyof MillraceError)[] = [
    ...(notRun ? [] : (['notRun'] as const)),
    ...(retryAfterMs === null ? (['retryAfterMs'] as const) : []),
    ...(Object.keys(where).length === 0 ? (['where'] as const) : []),
    ...(output.length === 0 ? (['output'] as const) : []),
  ]
  for (const name of hidden) Object.defineProperty(error, name, { enumerable: false })
}
