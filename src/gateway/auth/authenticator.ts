import { MillraceError } from '../../errors.js'
import type { Clock } from '../../lib/clock.js'
import { readSmallFile, watchFiles } from '../../files/watched-file.js'
import { importFunction, namedFunction } from '../import-function.js'
import type { AuthRules, BearerTokens, Openable } from './auth-rules.js'
import { bearerToken } from '../../wire/bearer-token.js'
import { Tokens, tokensIn } from './tokens.js'
import { reasonOf } from '../../lib/reason.js'

/** How long a `verify` may take, in milliseconds. */
const verifyMs = 10_000

/**
 * What a call is for: a request, or what the Flow says about itself, which always need a token; a request to a route of the user's
 * that needs none; or what may be open. Only requests are counted by `rateLimit`.
 */
export type Purpose = 'request' | 'open-request' | 'description' | Openable

/** Checks the header `authorization` of a call: null lets it in, an error refuses it. */
export type Authenticate = (
  authorization: string | undefined,
  purpose: Purpose,
) => MillraceError | null | Promise<MillraceError | null>

/** The function that `verify` names. */
export type Verify = (token: string) => boolean | Promise<boolean>

export interface AuthenticatorTools {
  readonly clock: Clock
  /** Logs a sentence. */
  say(sentence: string): void
}

/**
 * Decides which calls have a valid token.
 *
 * 1. No token gets into a message, a log line or an error.
 * 2. A token is accepted only when it is in the list, or when `verify` says `true`: an error, a late answer or another value
 *    refuses the call.
 */
export class Authenticator {
  readonly #bearer: BearerTokens
  readonly #open: ReadonlySet<Purpose>
  readonly #tools: AuthenticatorTools
  #isValid: Verify = () => false
  #stop = (): void => {}
  #isFailureSaid = false

  constructor({ bearer, open }: AuthRules, tools: AuthenticatorTools) {
    this.#bearer = bearer
    this.#open = new Set<Purpose>([...open, 'open-request'])
    this.#tools = tools
  }

  /** Reads the tokens, or imports `verify`. Rejects with INVALID_OPTION, MODULE_NOT_FOUND or EXPORT_NOT_FOUND. */
  async open(): Promise<void> {
    const bearer = this.#bearer
    if ('verify' in bearer) {
      const { url, name } = namedFunction(bearer.verify)
      this.#isValid = await importFunction<Verify>(url, name)
    } else this.#use(readTokens(bearer))
    if (!('file' in bearer)) return
    this.#stop = watchFiles([{ file: bearer.file, what: fileOption }], {
      ...this.#tools,
      onChange: ([contents]) => this.#use(new Tokens(tokensIn(contents!.toString()), bearer.file)),
    })
  }

  close(): void {
    this.#stop()
  }

  readonly check: Authenticate = (authorization, purpose) => {
    if (this.#open.has(purpose)) return null
    const token = bearerToken(authorization)
    if (token === undefined) return missing(authorization)
    try {
      const isValid = this.#isValid(token)
      return typeof isValid === 'boolean' ? verdict(isValid) : this.#awaited(Promise.resolve(isValid))
    } catch (error) {
      return this.#failed(error)
    }
  }

  #use(tokens: Tokens): void {
    this.#isValid = (token) => tokens.has(token)
  }

  #awaited(answer: Promise<boolean>): Promise<MillraceError | null> {
    return new Promise((resolve) => {
      const late = new Error(`it did not answer within ${verifyMs} ms`)
      const cancel = this.#tools.clock.after(verifyMs, () => resolve(this.#failed(late)))
      answer
        .then(verdict, (error: unknown) => this.#failed(error))
        .then((result) => {
          cancel()
          resolve(result)
        }, resolve)
    })
  }

  /** Logs the first failure; the client is not told the reason, which may be private. */
  #failed(error: unknown): MillraceError {
    if (!this.#isFailureSaid) {
      this.#isFailureSaid = true
      const reason = reasonOf(error)
      this.#tools.say(`auth.bearer.verify failed: ${reason}. Calls are refused while it fails.`)
    }
    return new MillraceError('UNAVAILABLE', 'The token cannot be checked now.', { notRun: true })
  }
}

const fileOption = 'auth.bearer.file'

/** Reads a list of tokens from where it is. @throws INVALID_OPTION */
export function readTokens(bearer: Exclude<BearerTokens, { readonly verify: string }>): Tokens {
  if ('file' in bearer) {
    return new Tokens(tokensIn(readSmallFile(bearer.file, fileOption).toString()), bearer.file)
  }
  if (!('env' in bearer)) return new Tokens(bearer, 'bearer')
  const text = process.env[bearer.env]
  if (text !== undefined) return new Tokens(tokensIn(text), `the environment variable ${bearer.env}`)
  throw new MillraceError(
    'INVALID_OPTION',
    `auth.bearer.env: there is no environment variable ${bearer.env}. Set it to the tokens that clients send.`,
  )
}

function verdict(isValid: unknown): MillraceError | null {
  return isValid === true ? null : refused('The token is not valid.')
}

function missing(authorization: string | undefined): MillraceError {
  return refused(
    authorization === undefined
      ? 'A token is missing: send the header authorization: Bearer TOKEN.'
      : 'The header authorization has no bearer token: send authorization: Bearer TOKEN.',
  )
}

function refused(what: string): MillraceError {
  return new MillraceError('UNAUTHENTICATED', what, { notRun: true })
}
