import { isMapping } from '../../../../lib/mapping.js'
import type { JsonObject } from '../../../../wire/endpoint-schema.js'

/**
 * The model of a document as JSON of v2 has it: a field that may be missing may be null, as None is, also in documents in it. No schema
 * moves, because references lead to where it is.
 */
export function withNulls(model: JsonObject): JsonObject {
  if (!isDocument(model)) return model
  const required = Array.isArray(model['required']) ? (model['required'] as readonly unknown[]) : []
  const properties = mapped(model.properties, (inner, name) => {
    const own = inside(inner)
    return required.includes(name) ? own : orNull(own)
  })
  const definitions = ['definitions', '$defs'].flatMap((key) => {
    const all = model[key]
    return isMapping(all) ? [[key, mapped(all, inside)]] : []
  })
  return { ...model, properties, ...(Object.fromEntries(definitions) as JsonObject) }
}

/**
 * The model of a document in a request: a text in JSON of v2 is a text, so bytes are lists of numbers. A text that is base64 by its schema
 * has a `format` or `pattern` as well.
 */
export function withBytesAsNumbers(schema: JsonObject): JsonObject {
  const { type, contentEncoding, ...others } = schema
  if (type === 'string' && contentEncoding === 'base64' && Object.keys(others).length === 0)
    return { type: 'array', items: { type: 'integer', minimum: 0, maximum: 255 } }
  return mapped(schema, bytesInside)
}

/** The model of a document where null stands for NaN in tensors of floats, as in all JSON of a gateway. */
export function withNaN(schema: JsonObject): JsonObject {
  const tensor = schema['x-tensor']
  const isFloat = isMapping(tensor) && String(tensor['dtype']).startsWith('float')
  return isFloat ? elementsOrNull(schema) : mapped(schema, nanInside)
}

function elementsOrNull(lists: JsonObject): JsonObject {
  const { type, items } = lists
  if (type === 'number') return { ...lists, type: [type, 'null'] }
  return isMapping(items) ? { ...lists, items: elementsOrNull(items) } : lists
}

function nanInside(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nanInside)
  return isMapping(value) ? withNaN(value) : value
}

/** The model of a document in a request: without names of fields that documents of v2 cannot have. In ASCII, as not all tools know classes of Unicode. */
export function withFieldNames(model: JsonObject): JsonObject {
  const names = Object.keys(isMapping(model['properties']) ? model['properties'] : {})
  return names.every((name) => fieldName.test(name))
    ? { ...model, propertyNames: { pattern: fieldName.source } }
    : model
}

const fieldName = /^[A-Za-z_][A-Za-z0-9_]*$/

function bytesInside(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bytesInside)
  return isMapping(value) ? withBytesAsNumbers(value) : value
}

/** Documents have an id. */
function isDocument(schema: unknown): schema is JsonObject & { readonly properties: JsonObject } {
  return isMapping(schema) && isMapping(schema['properties']) && 'id' in schema['properties']
}

/** The same for a document, and for the documents of a list. */
function inside(schema: unknown): unknown {
  if (isDocument(schema)) return withNulls(schema)
  return isMapping(schema) && isDocument(schema['items'])
    ? { ...schema, items: withNulls(schema['items']) }
    : schema
}

function orNull(schema: unknown): unknown {
  if (!isMapping(schema)) return schema
  const { type, enum: values, anyOf, $defs, definitions, ...others } = schema
  const isPlain = typeof type === 'string' && !('const' in schema)
  if (isPlain && values === undefined && anyOf === undefined) return { ...schema, type: [type, 'null'] }
  if (Array.isArray(anyOf) && type === undefined && values === undefined && Object.keys(others).length === 0)
    return { ...schema, anyOf: [...(anyOf as readonly unknown[]), { type: 'null' }] }
  if (Object.keys(schema).length === 0) return schema
  const { $defs: _, definitions: __, ...own } = schema
  return {
    ...($defs !== undefined && { $defs }),
    ...(definitions !== undefined && { definitions }),
    anyOf: [own, { type: 'null' }],
  }
}

function mapped(object: JsonObject, change: (value: unknown, key: string) => unknown): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]))
}
