import type { DocumentArray } from '../document/index.js'
import { type Coverage, coverageIn, sumCoverage } from '../wire/coverage.js'
import type { DataRequest, Route, Status } from '../wire/data-request.js'

/** The answer to one request. Documents are decoded on first access. */
export class Response {
  readonly #request: DataRequest
  constructor(request: DataRequest) {
    this.#request = request
  }

  get requestId(): string {
    return this.#request.requestId
  }

  /** SUCCESS when the answer has no status. */
  get status(): Status {
    return this.#request.status ?? success
  }

  /** Parameters of the answer; `__results__` holds the plain objects that handlers returned, by pod. */
  get parameters(): Record<string, unknown> {
    return this.#request.parameters
  }

  /** How many shards answered, summed over all stages; undefined when no stage is sharded. */
  get shards(): Coverage | undefined {
    const { parameterBytes } = this.#request
    const coverages = parameterBytes && coverageIn(parameterBytes)
    return coverages && sumCoverage(coverages)
  }

  /** The stages that the request passed, with times. */
  get routes(): readonly Route[] {
    return this.#request.routes
  }

  /** Throws MALFORMED when the documents cannot be decoded. */
  get docs(): DocumentArray {
    return this.#request.docs
  }
}

const success: Status = { code: 'SUCCESS', description: '' }
