import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import type { Response } from './response.js'

/** Called for one response; a promise is waited for before the next response is looked at. */
export type ResponseCallback = (response: Response) => unknown

/** Options of one call that are about sending. */
export interface SendOptions {
  /** For the executors; `{ stage: { … } }` and `stage__key` reach one stage only (jina.md 1.8). */
  readonly parameters?: Readonly<Record<string, unknown>>
  /** Regular expression over stage names: only those that match are called. */
  readonly targetExecutor?: string
  /** Aborting it rejects with CANCELLED and releases the inputs. */
  readonly signal?: AbortSignal
  /** Milliseconds for all of it; then DEADLINE_EXCEEDED. No limit by default. */
  readonly timeoutMs?: number
  /** Metadata that goes along. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface StreamOptions extends SendOptions {
  /** Documents in a request, 100 by default; 0 or less puts all into one. */
  readonly requestSize?: number
  /** Requests in flight before the inputs are not pulled any further; 1000 by default, 0 is no limit. */
  readonly prefetch?: number
  /** Responses in the order of the inputs; by default in the order of completion. */
  readonly resultsInOrder?: boolean
  /** Sends all of it again after a failure that may pass, before any response; 1 by default. Not for generators. */
  readonly maxAttempts?: number
}

export interface PostOptions extends StreamOptions {
  /** A progress bar on stderr. */
  readonly showProgress?: boolean
  /** Gives the responses instead of the documents. */
  readonly returnResponses?: boolean
  /** For each response that succeeded. With it, `post` collects nothing. */
  readonly onDone?: ResponseCallback
  /** For each response that failed; without it (and without `continueOnError`) the first failure rejects. */
  readonly onError?: ResponseCallback
  /** For each response, last. With it, `post` collects nothing. */
  readonly onAlways?: ResponseCallback
  /** Failed responses and callbacks that throw are logged, not raised. */
  readonly continueOnError?: boolean
}

interface Rule {
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

/** Rules by the method they belong to. */
export const optionRules: Readonly<Record<'post' | 'stream' | 'streamDoc', Readonly<Record<string, Rule>>>> =
  { post: postRules, stream: streamRules, streamDoc: sendRules }

/** Throws UNKNOWN_OPTION, with the nearest known one, and INVALID_OPTION. An option that is `undefined` was not given. */
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
        `${name} of ${what} must be ${rule.expected}, not ${show(value)}.`,
      )
    }
  }
}

/** Throws INVALID_OPTION unless it is the name of an endpoint. */
export function checkEndpoint(on: unknown): asserts on is string {
  if (typeof on === 'string' && on !== '') return
  throw new MillraceError(
    'INVALID_OPTION',
    `The endpoint must be a string such as '/index', not ${show(on)}.`,
  )
}

export function clientRules(): Readonly<Record<string, Rule>> {
  return {
    host: { expected: "a string such as 'grpc://127.0.0.1:54321'", accepts: () => true },
    maxMessageBytes: wholeNumber(1),
    prefetch: wholeNumber(0),
    headers: sendRules.headers,
    logger: { expected: 'an object with debug, info, warn and error', accepts: isLogger },
  }
}

function unknownOption(what: string, name: string, known: readonly string[]): MillraceError {
  const near = nearest(name, known)
  const advice = near === undefined ? `Known are ${known.join(', ')}.` : `Did you mean '${near}'?`
  return new MillraceError('UNKNOWN_OPTION', `${what} has no option '${name}'. ${advice}`)
}

function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function areHeaders(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  return Object.entries(value as object).every(
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
