import type { CompiledField } from './compiled.js'
import { pointer } from './json-pointer.js'
import { fieldSchema, isRequired, type JsonSchema, type Side } from './json-schema.js'
import { isStandardSchema } from './standard-schema.js'
import { isDocClass, schemaOf } from './typed-document.js'
import type { DocClass, Field } from './types.js'

type Properties = Record<string, JsonSchema>

/**
 * What a class of typed documents asks of the JSON of Documents (jina.md 4.6), with each field at its place in it
 * (docs/decisions/0049-typed-documents-on-the-v1-wire.md). On the side of the input, fields that would need a chunk are in `tags`, where
 * a check takes them from too.
 * `at`: the pointer to it in the whole schema.
 */
export function placesSchema(Class: DocClass, side: Side, at = '#'): JsonSchema {
  const { name, description, fields } = schemaOf(Class)
  const properties: Properties = {}
  const tags: Properties = {}
  const required = new Set<string>()
  const requiredTags: string[] = []
  const parts: JsonSchema[] = []
  for (const compiled of fields) {
    const field = Class.fields[compiled.name]!
    const { key, isPart = false } = compiled.place
    const mustBe = isRequired(field, side)
    const place = placeOf(field, { key, isPart, side })
    switch (place) {
      case 'own':
        properties[key] = ownSchema(field, side, pointer(at, 'properties', key))
        // an empty text or list does not travel
        if (mustBe && (side === 'input' || !mayBeEmpty(compiled))) required.add(key)
        break
      case 'tags':
        tags[compiled.name] = tagSchema(
          field,
          side,
          pointer(at, 'properties', 'tags', 'properties', compiled.name),
        )
        if (mustBe) requiredTags.push(compiled.name)
        break
      case 'part':
        // an empty list may be missing
        if (mustBe && listClass(field) === undefined) {
          const inParts = pointer(at, 'properties', 'chunks', 'allOf', String(parts.length), 'contains')
          parts.push(partSchema(field, compiled.name, inParts))
        }
        break
      case 'anywhere': // a text at its own place, and else in `tags`
        break
    }
  }
  if (Object.keys(tags).length > 0) {
    properties['tags'] = {
      type: 'object',
      properties: tags,
      ...(requiredTags.length > 0 && { required: requiredTags }),
    }
    if (requiredTags.length > 0) required.add('tags')
  }
  if (parts.length > 0) {
    properties['chunks'] = { type: 'array', allOf: parts.map((contains) => ({ contains })) }
    required.add('chunks')
  }
  return {
    title: name,
    ...(description !== undefined && { description }),
    type: 'object',
    properties,
    ...(required.size > 0 && { required: [...required] }),
  }
}

interface Situation {
  readonly key: string
  readonly isPart: boolean
  readonly side: Side
}

function placeOf(field: Field, { key, isPart, side }: Situation): 'own' | 'tags' | 'part' | 'anywhere' {
  if (isPart) return side === 'input' ? 'tags' : 'part'
  if (key === 'tags') return 'tags'
  if (!isStandardSchema(field)) return 'own'
  // text, uri and mimeType: texts have a place of their own
  const { type } = fieldSchema(field, side)
  if (type === 'string') return 'own'
  return type === undefined || Array.isArray(type) ? 'anywhere' : 'tags'
}

/** Texts other than content, and lists, are absent on the wire when they are empty. */
function mayBeEmpty({ place: { key } }: CompiledField): boolean {
  return key !== 'tensor' && key !== 'embedding' && key !== 'blob'
}

function ownSchema(field: Field, side: Side, at: string): JsonSchema {
  const list = listClass(field)
  const isAbsent = side === 'output' && (list !== undefined || isStandardSchema(field))
  const own = isAbsent ? pointer(at, 'anyOf', '0') : at
  const schema =
    list === undefined
      ? fieldSchema(field, side, own)
      : { type: 'array', items: placesSchema(list, side, pointer(own, 'items')) }
  return isAbsent ? { anyOf: [schema, { type: 'null' }] } : schema
}

/** What `tags` take: bytes are lists of numbers there, and documents have their fields by name, and no others. */
function tagSchema(field: Field, side: Side, at: string): JsonSchema {
  const list = listClass(field)
  if (list !== undefined) return { type: 'array', items: namedSchema(list, side, pointer(at, 'items')) }
  const own = inner(field)
  if (isDocClass(own)) return namedSchema(own as unknown as DocClass, side, at)
  if (!isStandardSchema(own) && 'kind' in own && own.kind === 'bytes') {
    return { type: 'array', items: { type: 'integer', minimum: 0, maximum: 255 } }
  }
  return fieldSchema(field, side, at)
}

function namedSchema(Class: DocClass, side: Side, at: string): JsonSchema {
  const fields = Object.entries(Class.fields)
  const inProperties = (name: string): string => pointer(at, 'properties', name)
  return {
    title: schemaOf(Class).name,
    type: 'object',
    properties: {
      id: { type: 'string' },
      ...Object.fromEntries(
        fields.map(([name, field]) => [name, tagSchema(field, side, inProperties(name))]),
      ),
    },
    required: fields.filter(([, field]) => isRequired(field, side)).map(([name]) => name),
    additionalProperties: false,
  }
}

function partSchema(field: Field, name: string, at: string): JsonSchema {
  const modality = { const: `field:${name}` }
  const own = inner(field)
  if (isDocClass(own)) {
    const { properties, required = [], ...schema } = placesSchema(own as unknown as DocClass, 'output', at)
    return {
      ...schema,
      properties: { ...(properties as Properties), modality },
      required: [...(required as readonly string[]), 'modality'],
    }
  }
  const key = (own as { readonly kind?: string }).kind === 'tensor' ? 'tensor' : 'blob'
  return {
    type: 'object',
    properties: { modality, [key]: fieldSchema(field, 'output') },
    required: ['modality', key],
  }
}

function inner(field: Field): Exclude<Field, { kind: 'optional' }> {
  return !isStandardSchema(field) && 'kind' in field && field.kind === 'optional' ? field.of : field
}

function listClass(field: Field): DocClass | undefined {
  const own = inner(field)
  return Array.isArray(own) ? (own as readonly [DocClass])[0] : undefined
}
