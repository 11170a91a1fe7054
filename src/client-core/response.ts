import type { DocumentArray } from '../document/index.js'
import { type Coverage, coverageOf, sumCoverage } from '../wire/coverage.js'
import type { DataRequest, Route, Status } from '../wire/data-request.js'

/** The answer to one request. Documents are decoded on first access. */
export class Response {
  readonly #request: DataRequest
  readonly #read: ReadDocuments | undefined
  /** `read` gives `docs` another form. */
  constructor(request: DataRequest, read?: ReadDocuments) {
    this.#request = request
    this.#read = read
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
    const coverages = coverageOf(this.#request.readParameters())
    return coverages && sumCoverage(coverages)
  }

  /** The stages that the request passed, with times. */
  get routes(): readonly Route[] {
    return this.#request.routes
  }

  /** Throws MALFORMED when the documents cannot be decoded. */
  get docs(): DocumentArray {
    return this.#read?.(this.#request.docs) ?? this.#request.docs
  }
}

/** For clients that are typed, whose documents are plain objects: their types say so. */
export type ReadDocuments = (documents: DocumentArray) => DocumentArray

const success: Status = { code: 'SUCCESS', description: '' }
