import { pointer, rebased } from './json-pointer.js'
import { isStandardSchema, type StandardSchema } from './standard-schema.js'
import type { TensorField } from './tensor-field.js'
import { isDocClass, schemaOf } from './typed-document.js'
import type { BytesField, DocClass, Field, OptionalField } from './types.js'

/** JSON Schema 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** What is given to a schema, or what it gives. */
export type Side = 'input' | 'output'

/** The model of a class of typed documents, with its fields by their names. `at`: the pointer to it in the whole schema. */
export function modelOf(Class: DocClass, side: Side, at = '#'): JsonSchema {
  const { name, description } = schemaOf(Class)
  const fields = Object.entries(Class.fields)
  return {
    title: name,
    ...(description !== undefined && { description }),
    type: 'object',
    properties: {
      id: { type: 'string' },
      ...Object.fromEntries(
        fields.map(([name, field]) => [name, fieldSchema(field, side, pointer(at, 'properties', name))]),
      ),
    },
    required: [
      ...(side === 'output' ? ['id'] : []),
      ...fields.filter(([, field]) => isRequired(field, side)).map(([name]) => name),
    ],
  }
}

/** The schema of one field. A Standard Schema without the extension Standard JSON Schema gives `{}`, which allows anything. */
export function fieldSchema(field: Field, side: Side, at = '#'): JsonSchema {
  if (Array.isArray(field)) {
    return { type: 'array', items: modelOf((field as readonly [DocClass])[0], side, pointer(at, 'items')) }
  }
  if (isDocClass(field)) return modelOf(field as unknown as DocClass, side, at)
  // before `kind`, which schemas of valibot have too
  if (isStandardSchema(field)) return rebased(valueSchema(field, side), at)
  const own = field as OptionalField | TensorField | BytesField
  if (own.kind === 'optional') return fieldSchema(own.of, side, at)
  return own.kind === 'tensor' ? tensorSchema(own) : { type: 'string', contentEncoding: 'base64' }
}

/** Whether a document must have the field. */
export function isRequired(field: Field, side: Side): boolean {
  if (Array.isArray(field)) return side === 'output'
  if (isDocClass(field)) return true
  if (!isStandardSchema(field)) return (field as { readonly kind: string }).kind !== 'optional'
  const result = field['~standard'].validate(undefined)
  if ('then' in result) return false
  return result.issues !== undefined || (side === 'output' && result.value !== undefined)
}

/** The schema of what a Standard Schema takes or gives; `{}` where it cannot say. */
export function valueSchema(schema: StandardSchema, side: Side): JsonSchema {
  try {
    const { $schema: _, ...json } = schema['~standard'].jsonSchema?.[side]({ target: 'draft-2020-12' }) ?? {}
    const { $ref, ...others } = json
    // many tools take no notice of what is beside a reference, as it was before 2019
    return $ref !== undefined && '$defs' in json ? { allOf: [{ $ref }], ...others } : json
  } catch {
    return {} // a type that JSON Schema does not have
  }
}

function tensorSchema({ dtype, shape }: TensorField): JsonSchema {
  const element = { type: dtype === 'bool' ? 'boolean' : dtype.startsWith('float') ? 'number' : 'integer' }
  const lists = (shape ?? [null]).toReversed().reduce<JsonSchema>(
    (items, length) => ({
      type: 'array',
      items,
      ...(length !== null && { minItems: length, maxItems: length }),
    }),
    shape === null ? {} : element,
  )
  return { ...lists, 'x-tensor': { dtype, shape } }
}
