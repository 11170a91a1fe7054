import type { Call, Description } from '../../call/call.js'
import type { DocArrayVersion } from '../../document/list-version.js'
import { MillraceError } from '../../errors.js'

const noNames: ReadonlySet<string> = new Set()

/** The endpoint for requests that no other one takes. */
const catchAll = '/default'

/**
 * Which documents a peer takes, as far as it has said so.
 *
 * 1. The first requests of a channel wait until the peer has answered, or has failed to: a wrong format would be misread there. They
 *    share one question.
 * 2. Later answers count from when they arrive, as after another peer took over the address.
 */
export class KnownDocuments {
  readonly #given: DocArrayVersion | undefined
  readonly #ask: () => Promise<unknown>
  #asking: Promise<void> | undefined
  #isAnswered = false
  #description: Description | undefined
  #names = new Map<string, ReadonlySet<string>>()

  /** `given`: what the user has said, which counts more. `ask` has the peer describe itself, and calls `learn`. */
  constructor(given: DocArrayVersion | undefined, ask: () => Promise<unknown>) {
    this.#given = given
    this.#ask = ask
  }

  /** Whether nothing is ever converted for this peer. */
  get speaksBoth(): boolean {
    return this.#given === undefined && this.#isAnswered && this.#description?.docarray === undefined
  }

  learn(description: Description): void {
    this.#isAnswered = true
    this.#description = description
    this.#names = new Map()
  }

  /** Rejects only with the reason of the call's abort. */
  async known(call: Call): Promise<{
    readonly docarray: DocArrayVersion | undefined
    fieldNames(endpoint: string): ReadonlySet<string>
  }> {
    if (!this.#isAnswered) {
      this.#asking ??= this.#ask().then(
        () => {},
        (error: unknown) => this.#fail(MillraceError.from(error)),
      )
      await untilAborted(this.#asking, call)
    }
    return {
      docarray: this.#given ?? this.#description?.docarray,
      fieldNames: (endpoint) => this.#fieldNames(endpoint),
    }
  }

  /** A peer that is not reached fails the request too, and is asked again by the next one. */
  #fail({ code }: MillraceError): void {
    this.#asking = undefined
    this.#isAnswered ||= code !== 'UNAVAILABLE'
  }

  #fieldNames(endpoint: string): ReadonlySet<string> {
    const known = this.#names.get(endpoint)
    if (known !== undefined) return known
    const schemas = this.#description?.schemas ?? {}
    const named = [endpoint, catchAll].find((name) => Object.hasOwn(schemas, name))
    const names = named === undefined ? noNames : namesIn(schemas[named])
    if (named !== undefined) this.#names.set(endpoint, names)
    return names
  }
}

/** The fields of an endpoint's input. An Executor of Jina has its schema under `model`, a gateway does not. */
function namesIn(schema: unknown): ReadonlySet<string> {
  const input = member(schema, 'input')
  const properties = member(member(input, 'model') ?? input, 'properties')
  return typeof properties === 'object' && properties !== null ? new Set(Object.keys(properties)) : noNames
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined
}

/** Resolves after `work`, which never rejects; rejects with the reason if the call is aborted before. */
function untilAborted(work: Promise<void>, call: Call): Promise<void> {
  return new Promise((resolve, reject) => {
    const listener = { abort: reject }
    call.onAbort(listener)
    void work.then(() => {
      call.offAbort(listener)
      resolve()
    })
  })
}
