import { deferred } from '../lib/deferred.js'
import type { Logger } from '../observe/logger.js'

export interface FatalErrorsOptions {
  /** Names of errors or of their classes (`exitOnExceptions`). */
  readonly names: readonly string[]
  readonly logger: Pick<Logger, 'error'>
}

/** Watches the errors of a replica's handlers for one after which the replica must end. */
export class FatalErrors {
  /** Called with what a handler threw; undefined when no error is fatal. */
  readonly onError: ((error: unknown) => void) | undefined
  readonly #names: readonly string[]
  readonly #logger: Pick<Logger, 'error'>
  readonly #first = deferred<string>()

  constructor({ names, logger }: FatalErrorsOptions) {
    this.#names = names
    this.#logger = logger
    this.onError = names.length === 0 ? undefined : (error) => this.#check(error)
  }

  /** Resolves with the name of the first fatal error, else never. */
  get first(): Promise<string> {
    return this.#first.promise
  }

  /** The answer is still to be sent: the owner of the worker closes it, which lets the answer out. */
  #check(error: unknown): void {
    const fatal = namesOf(error).find((name) => this.#names.includes(name))
    if (fatal === undefined) return
    this.#logger.error(`ended because of ${fatal} (exitOnExceptions)`)
    this.#first.resolve(fatal)
  }
}

/** The name of an error and that of its class, which many classes do not set as the name. */
function namesOf(error: unknown): string[] {
  return error instanceof Error ? [error.name, error.constructor.name] : []
}
