import type { HttpRules } from '../../../http-rules.js'
import type { FlowFacts } from '../../../serving.js'

/** What an OpenAPI document says of a gateway besides its endpoints. */
export interface ApiFacts extends FlowFacts {
  readonly version: string
  readonly http: HttpRules
}
