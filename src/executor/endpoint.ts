import type { Batching } from './batching.js'
import type { EndpointTypes } from './endpoint-types.js'
import type { HandlerMethod } from './context.js'

/** One endpoint and the method that serves it. */
export interface Endpoint {
  readonly path: string
  /** Name of the method; empty for the pass-through of the base class. */
  readonly method: string
  readonly handler: HandlerMethod
  readonly write: boolean
  readonly isGenerator: boolean
  /** How its requests are joined; null when each is run alone. */
  readonly batching: Batching | null
  /** Its batches may run at the same time. */
  readonly allowConcurrent: boolean
  /** Null when nothing is typed. */
  readonly types: EndpointTypes | null
}
