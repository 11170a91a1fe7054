import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import { isPlainObject } from '../lib/plain-object.js'
import { isToken } from '../wire/bearer-token.js'
import type { Response } from './response.js'

/** Called for each response; a returned promise is awaited before the next response is read. */
export type ResponseCallback = (response: Response) => unknown

/** Options of every kind of call. */
export interface SendOptions {
  /** Parameters for the Executors; `{ stage: { … } }` and `stage__key` reach one stage only (jina.md 1.8). */
  readonly parameters?: Readonly<Record<string, unknown>>
  /** Regular expression over stage names: only matching stages are called. */
  readonly targetExecutor?: string
  /** Aborting it rejects with CANCELLED and releases the inputs. */
  readonly signal?: AbortSignal
  /** Milliseconds for the whole call, then DEADLINE_EXCEEDED. Default: no limit. */
  readonly timeoutMs?: number
  /** Metadata sent with the call. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Options of `stream`. */
export interface StreamOptions extends SendOptions {
  /** Documents per request. Default 100; 0 or less puts all into one request. */
  readonly requestSize?: number
  /** Most requests in flight; reading of inputs pauses at this number. Default 1000; 0 is no limit. */
  readonly prefetch?: number
  /** Deliver responses in the order of the inputs. Default: in order of completion. */
  readonly resultsInOrder?: boolean
  /** Attempts, when a retryable failure comes before the first response: all inputs are sent again. Default 1. Not for generators. */
  readonly maxAttempts?: number
}

/** Options of `post`. */
export interface PostOptions extends StreamOptions {
  /** Draw a progress bar on stderr. */
  readonly showProgress?: boolean
  /** Resolve with the responses instead of the documents. */
  readonly returnResponses?: boolean
  /** Called for each response that succeeded. With it, `post` collects nothing. */
  readonly onDone?: ResponseCallback
  /** Called for each response that failed. Without it (and without `continueOnError`) `post` rejects at the first failure. */
  readonly onError?: ResponseCallback
  /** Called for each response, after the other callbacks. With it, `post` collects nothing. */
  readonly onAlways?: ResponseCallback
  /** Log failed responses and callbacks that throw, instead of rejecting. */
  readonly continueOnError?: boolean
}

interface Rule {
  /** An invalid value is not shown. */
  readonly isSecret?: boolean
  readonly expected: string
  accepts(value: unknown): boolean
}

const flag: Rule = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' }
const callback: Rule = { expected: 'a function', accepts: (value) => typeof value === 'function' }
const text: Rule = { expected: 'a string', accepts: (value) => typeof value === 'string' }

function wholeNumber(least: number): Rule {
  const expected = least === Number.MIN_SAFE_INTEGER ? 'a whole number' : `a whole number from ${least}`
  return { expected, accepts: (value) => Number.isSafeInteger(value) && (value as number) >= least }
}

const sendRules: Record<keyof SendOptions, Rule> = {
  parameters: { expected: 'a plain object', accepts: isPlainObject },
  targetExecutor: text,
  signal: { expected: 'an AbortSignal', accepts: (value) => value instanceof AbortSignal },
  timeoutMs: { expected: 'milliseconds above 0', accepts: (value) => typeof value === 'number' && value > 0 },
  headers: {
    expected:
      'an object of printable ASCII strings whose names are letters, digits, `-`, `_` and `.`, not `grpc-…`, `…-bin` or HTTP’s own (`host`, `content-type`, `te`, `connection`)',
    accepts: areHeaders,
  },
}

const streamRules: Record<keyof StreamOptions, Rule> = {
  ...sendRules,
  requestSize: wholeNumber(Number.MIN_SAFE_INTEGER),
  prefetch: wholeNumber(0),
  resultsInOrder: flag,
  maxAttempts: wholeNumber(1),
}

const postRules: Record<keyof PostOptions, Rule> = {
  ...streamRules,
  showProgress: flag,
  returnResponses: flag,
  onDone: callback,
  onError: callback,
  onAlways: callback,
  continueOnError: flag,
}

/** Validation rules by method. */
export const optionRules: Readonly<Record<'post' | 'stream' | 'streamDoc', Readonly<Record<string, Rule>>>> =
  { post: postRules, stream: streamRules, streamDoc: sendRules }

/** Throws INVALID_OPTION, or UNKNOWN_OPTION with the nearest known name. An option that is `undefined` counts as absent. */
export function checkOptions(what: string, options: unknown, rules: Readonly<Record<string, Rule>>): void {
  if (typeof options !== 'object' || options === null) {
    throw new MillraceError(
      'INVALID_OPTION',
      `The options of ${what} must be an object, not ${show(options)}.`,
    )
  }
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined
    if (rule === undefined) throw unknownOption(what, name, Object.keys(rules))
    if (value !== undefined && !rule.accepts(value)) {
      throw new MillraceError(
        'INVALID_OPTION',
        `${name} of ${what} must be ${rule.expected}${rule.isSecret ? '' : `, not ${show(value)}`}.`,
      )
    }
  }
}

/** Throws INVALID_OPTION unless `on` is a non-empty string. */
export function checkEndpoint(on: unknown): asserts on is string {
  if (typeof on === 'string' && on !== '') return
  throw new MillraceError(
    'INVALID_OPTION',
    `The endpoint must be a string such as '/index', not ${show(on)}.`,
  )
}

/** Validation rules for the options of `Client`. */
export function clientRules(): Readonly<Record<string, Rule>> {
  return {
    host: { expected: "a string such as 'grpc://127.0.0.1:54321'", accepts: () => true },
    maxMessageBytes: wholeNumber(1),
    prefetch: wholeNumber(0),
    headers: sendRules.headers,
    token: {
      expected: 'a token (letters, digits, - . _ ~ + / and = at the end), or a function that returns one',
      accepts: (value) => typeof value === 'function' || isToken(value),
      isSecret: true,
    },
    logger: { expected: 'an object with debug, info, warn and error', accepts: isLogger },
  }
}

function unknownOption(what: string, name: string, known: readonly string[]): MillraceError {
  const near = nearest(name, known)
  const advice = near === undefined ? `Known are ${known.join(', ')}.` : `Did you mean '${near}'?`
  return new MillraceError('UNKNOWN_OPTION', `${what} has no option '${name}'. ${advice}`)
}

function areHeaders(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  return Object.entries(value).every(
    ([name, content]) =>
      /^[\w.-]+$/.test(name) &&
      !/^grpc-|-bin$|^(te|content-type|host|connection)$/i.test(name) &&
      typeof content === 'string' &&
      /^[ -~]*$/.test(content),
  )
}

function isLogger(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return ['debug', 'info', 'warn', 'error'].every(
    (name) => typeof (value as Record<string, unknown>)[name] === 'function',
  )
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null)
    return `an object of class ${value.constructor?.name ?? '(none)'}`
  return String(value)
}
