import type { Schema } from './schema.js'

/** What the bodies of an endpoint are made of. */
export interface Parts {
  /** One document of a request. */
  readonly input: Schema
  /** One document of an answer. */
  readonly output: Schema
  readonly parameters: Schema
  /** Whether requests without parameters are refused. */
  readonly needsParameters?: boolean
  readonly isTyped?: boolean
}
