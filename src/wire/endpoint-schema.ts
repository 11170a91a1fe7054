import { isMapping } from '../lib/mapping.js'
/**
 * Key of the JSON Schema for DocArray v1, beside `name` and `model` of an endpoint's input and output in endpoint discovery (jina.md
 * 4.4). Jina, which does not know it, skips it.
 */
export const placesKey = 'v1'

/**
 * Key of an OpenAPI document: of every endpoint the models of what is typed, with the fields by their names, for generators of clients
 * such as `millrace types`.
 */
export const typesKey = 'x-millrace-types'

/** What endpoint discovery says of the documents of an endpoint that is typed. */
export interface TypedDocuments {
  readonly name: string
  /** JSON Schema with the fields by their names. */
  readonly model: JsonObject
  /** JSON Schema with the fields at their places in the JSON of a Document. */
  readonly [placesKey]: JsonObject
}

/** What endpoint discovery says of the types of an endpoint; undefined for what is not typed. */
export interface TypedEndpoint {
  readonly input: TypedDocuments | undefined
  readonly output: TypedDocuments | undefined
  readonly parameters: Omit<TypedDocuments, typeof placesKey> | undefined
}

export type JsonObject = Readonly<Record<string, unknown>>

/** Undefined where nothing is typed, and for the schemas of other peers. */
export function typedEndpoint(schema: unknown): TypedEndpoint | undefined {
  if (!isMapping(schema)) return undefined
  const documents = (name: 'input' | 'output'): TypedDocuments | undefined => {
    const found = schema[name]
    return isModel(found) && isMapping(found[placesKey]) ? (found as unknown as TypedDocuments) : undefined
  }
  const [input, output] = [documents('input'), documents('output')]
  const parameters = isModel(schema['parameters']) ? schema['parameters'] : undefined
  if (input === undefined && output === undefined && parameters === undefined) return undefined
  return { input, output, parameters }
}

/** Whether a part of what discovery says of an endpoint has a name and a JSON Schema. */
export function isModel(
  value: unknown,
): value is JsonObject & { readonly name: string; readonly model: JsonObject } {
  return isMapping(value) && typeof value['name'] === 'string' && isMapping(value['model'])
}
