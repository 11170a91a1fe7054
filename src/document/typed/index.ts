/** Typed documents. Apart from `document/index.ts`, so that clients in browsers do not load what they do not use. */
export { doc, type DocOptions } from './doc.js'
export type { EndpointMap, endpointTypes, FlowTypes, TypeOptions } from './endpoint.js'
export { bytes, optional } from './field-kinds.js'
export {
  isStandardSchema,
  type SchemaInput,
  type SchemaOutput,
  type StandardSchema,
} from './standard-schema.js'
export { tensor } from './tensor-field.js'
export { documentOf, isDocClass, isTyped, schemaOf, type TypedBase } from './typed-document.js'
export { isTypedList } from './typed-list.js'
export type {
  ClientInit,
  DocClass,
  DocInit,
  DocList,
  DocListMethods,
  Infer,
} from './types.js'
export { validate } from './validate.js'
