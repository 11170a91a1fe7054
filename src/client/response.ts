import type { DocumentArray } from '../document/index.js'
import type { DataRequest, Route, Status } from '../wire/data-request.js'

/** Which shards took part in an answer. */
export interface Coverage {
  readonly total: number
  readonly failed: number
}

/** The answer to one request. Documents are decoded when they are first looked at. */
export class Response {
  readonly #request: DataRequest
  /** Undefined when no stage says that it has shards. */
  readonly shards: Coverage | undefined = undefined

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
