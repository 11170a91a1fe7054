import type { Served } from '../../control/controlled.js'
import { isMapping } from '../../lib/mapping.js'

/** What the form shows for an endpoint. */
export interface EndpointForm {
  readonly endpoint: string
  readonly isStream: boolean
  /** JSON of a list of documents. */
  readonly documents: string
  /** JSON of an object. */
  readonly parameters: string
  readonly fields: readonly Field[]
}

/** A field of a document or a parameter, as its schema tells. */
export interface Field {
  readonly of: 'document' | 'parameters'
  readonly name: string
  readonly type: string
  readonly isRequired: boolean
  readonly description: string
}

type Schema = Readonly<Record<string, unknown>>

/** Endpoints that people do not call. */
const hidden: ReadonlySet<string> = new Set(['_jina_dry_run_'])

/** One form for each endpoint; `/default` serves all that have no handler. */
export function formsOf({ endpoints, streamEndpoints, schemas }: Served): readonly EndpointForm[] {
  return endpoints
    .filter((endpoint) => !hidden.has(endpoint))
    .map((endpoint) => {
      const schema = Object.hasOwn(schemas, endpoint) ? objectIn(schemas[endpoint]) : {}
      const input = objectIn(schema['input'])
      // typed documents: the fields by their places in the JSON of a Document
      const documents = objectIn(input['v1'])
      const parameters = objectIn(objectIn(schema['parameters'])['model'])
      const isTyped = Object.keys(documents).length > 0
      const example = isTyped ? exampleOf(documents) : { text: 'hello' }
      return {
        endpoint,
        isStream: streamEndpoints.includes(endpoint),
        documents: JSON.stringify([example], null, 2),
        parameters: JSON.stringify(exampleOf(parameters) ?? {}, null, 2),
        fields: [...fieldsOf('document', documents), ...fieldsOf('parameters', parameters)],
      }
    })
}

/** A value that fits a JSON Schema, as far as types, defaults and examples tell. */
export function exampleOf(schema: Schema, depth = 0): unknown {
  const { examples, default: preset, const: only, enum: choices, anyOf, oneOf, allOf, items } = schema
  if (Array.isArray(examples) && examples.length > 0) return examples[0]
  if (preset !== undefined) return preset
  if (only !== undefined) return only
  if (Array.isArray(choices) && choices.length > 0) return choices[0]
  if (depth > 8) return null
  for (const parts of [anyOf, oneOf, allOf])
    if (Array.isArray(parts) && parts.length > 0) return exampleOf(objectIn(parts[0]), depth + 1)
  switch (typeOf(schema)) {
    case 'object':
      return Object.fromEntries(
        Object.entries(objectIn(schema['properties'])).map(([name, part]) => [
          name,
          exampleOf(objectIn(part), depth + 1),
        ]),
      )
    case 'array':
      return items === undefined ? [] : [exampleOf(objectIn(items), depth + 1)]
    case 'string':
      return ''
    case 'integer':
    case 'number':
      return typeof schema['minimum'] === 'number' ? schema['minimum'] : 0
    case 'boolean':
      return false
    default:
      return null
  }
}

function fieldsOf(of: Field['of'], schema: Schema): readonly Field[] {
  const { required } = schema
  return Object.entries(objectIn(schema['properties'])).map(([name, given]) => {
    const part = objectIn(given)
    const description = typeof part['description'] === 'string' ? part['description'] : ''
    const isRequired = Array.isArray(required) && required.includes(name)
    return { of, name, type: typeOf(part), isRequired, description }
  })
}

function typeOf({ type, properties }: Schema): string {
  if (Array.isArray(type)) return String(type[0])
  if (typeof type === 'string') return type
  return properties === undefined ? 'any' : 'object'
}

function objectIn(value: unknown): Schema {
  return isMapping(value) ? value : {}
}
