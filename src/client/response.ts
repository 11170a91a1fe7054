import type { DocumentArray } from '../document/index.js'
import { type Coverage, coverageIn, sumCoverage } from '../wire/coverage.js'
import type { DataRequest, Route, Status } from '../wire/data-request.js'

/** The answer to one request. Documents are decoded when they are first looked at. */
export class Response {
  readonly #request: DataRequest
  constructor(request: DataRequest) {
    this.#request = request
  }

  get requestId(): string {
    return this.#request.requestId
  }

  /** SUCCESS unless the answer says otherwise. */
  get status(): Status {
    return this.#request.status ?? success
  }

  /** What came back, with the plain objects that handlers returned under `__results__`, by pod. */
  get parameters(): Record<string, unknown> {
    return this.#request.parameters
  }

  /** Which shards took part in it, of all stages together; undefined when no stage has several. */
  get shards(): Coverage | undefined {
    const { parameterBytes } = this.#request
    const coverages = parameterBytes && coverageIn(parameterBytes)
    return coverages && sumCoverage(coverages)
  }

  /** The stages it went through, with times. */
  get routes(): readonly Route[] {
    return this.#request.routes
  }

  /** Throws MALFORMED when the documents cannot be read. */
  get docs(): DocumentArray {
    return this.#request.docs
  }
}

const success: Status = { code: 'SUCCESS', description: '' }
