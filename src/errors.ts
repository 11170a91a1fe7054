/**
 * Every error Millrace raises, by code. The list is closed: callers may switch on it.
 *
 * `retryable` says whether the same request may be sent again without a change, to another replica or later.
 */
export const errorCodes = {
  // the caller's configuration
  INVALID_OPTION: { retryable: false, about: 'an option has a value that cannot be used' },
  UNKNOWN_OPTION: { retryable: false, about: 'an option that does not exist' },
  INVALID_NAME: { retryable: false, about: 'a name that is no identifier, or is taken' },
  INVALID_EXECUTOR: {
    retryable: false,
    about: 'an Executor class, endpoint or handler that cannot be served',
  },
  MODULE_NOT_FOUND: { retryable: false, about: 'the module of an Executor cannot be loaded' },
  EXPORT_NOT_FOUND: { retryable: false, about: 'the module was loaded but does not have the Executor' },
  BAD_YAML: { retryable: false, about: 'a YAML text that cannot be read, or says what it cannot say' },
  UNSUPPORTED: { retryable: false, about: 'a combination that does not exist here' },
  // the life of a Flow
  NOT_STARTED: { retryable: false, about: 'the Flow is not running' },
  ALREADY_STARTED: { retryable: false, about: 'the Flow is running already' },
  START_FAILED: { retryable: false, about: 'a stage did not start' },
  START_TIMEOUT: { retryable: false, about: 'a stage was not ready in time' },
  FORBIDDEN: { retryable: false, about: 'the cluster does not let this user do it' },
  PORT_IN_USE: { retryable: false, about: 'the port is taken' },
  WORKSPACE_CONFLICT: {
    retryable: false,
    about: "the workspace is another Flow's, or holds data of another number of shards",
  },
  // what a caller hands in
  INVALID_INPUT: { retryable: false, about: 'inputs that are no documents' },
  INPUT_FAILED: { retryable: false, about: 'the source of inputs threw' },
  CALLBACK_FAILED: { retryable: false, about: 'a callback of the caller threw' },
  MALFORMED: { retryable: false, about: 'bytes that are no message' },
  // a request on its way
  EXECUTOR_FAILED: { retryable: false, about: 'the handler of an Executor threw' },
  INVALID_RESULT: { retryable: false, about: 'the handler of an Executor returned what cannot be sent' },
  UNAUTHENTICATED: { retryable: false, about: 'a request without a valid token' },
  NOT_FOUND: { retryable: false, about: 'no such endpoint or stage' },
  UNAVAILABLE: { retryable: true, about: 'nobody there to answer' },
  RESOURCE_EXHAUSTED: { retryable: true, about: 'a queue or a message is larger than its limit' },
  OUTCOME_UNKNOWN: {
    retryable: false,
    about: 'a write failed that may have been done, for one because its replica was lost',
  },
  POISON_REQUEST: {
    retryable: false,
    about: 'replicas were lost while they had the request, which is taken to be the cause',
  },
  DEADLINE_EXCEEDED: { retryable: false, about: 'the time for the request ran out' },
  CANCELLED: { retryable: false, about: 'the caller went away' },
  INTERNAL: { retryable: false, about: 'a defect in Millrace' },
} as const satisfies Record<string, { retryable: boolean; about: string }>

/** A code of the error catalogue, docs/errors.md. */
export type ErrorCode = keyof typeof errorCodes

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
    this.retryable = options.retryable ?? errorCodes[code].retryable
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
