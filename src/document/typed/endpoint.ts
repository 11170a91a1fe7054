import type { StandardSchema } from './standard-schema.js'
import type { DocClass } from './types.js'

/** What `@requests({ … })` and the static map say of the types of an endpoint. */
export interface TypeOptions {
  readonly input?: DocClass
  readonly output?: DocClass
  readonly parameters?: StandardSchema
}

/** The types of endpoints, by path. */
export type EndpointMap = Readonly<Record<string, TypeOptions>>

/** Type only: the endpoints that an Executor declares, and those of a Flow. */
export declare const endpointTypes: unique symbol

/** The endpoints of a Flow, as far as its stages declare them. */
export interface FlowTypes {
  readonly endpoints: EndpointMap
  /** Whether a stage says nothing of its endpoints: then the Flow may serve others too. */
  readonly open: boolean
}
