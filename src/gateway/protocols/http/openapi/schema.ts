/** A schema in the dialect of OpenAPI 3.1, which is JSON Schema 2020-12. */
export type Schema = Readonly<Record<string, unknown>>

/** A schema of `components.schemas`, by name. */
export function ref(name: string): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${name}` }
}

export const text: Schema = { type: 'string' }
export const integer: Schema = { type: 'integer' }

/** What JSON of the request may leave out or set to null. */
export function nullable({ type, ...more }: Schema): Schema {
  return typeof type === 'string'
    ? { type: [type, 'null'], ...more }
    : { anyOf: [{ type, ...more }, { type: 'null' }] }
}

export function list(items: Schema, more: Schema = {}): Schema {
  return { type: 'array', items, ...more }
}

/** An object; members are optional unless `required` names them, and others are allowed. */
export function object(properties: Readonly<Record<string, Schema>>, more: Schema = {}): Schema {
  return { type: 'object', properties, ...more }
}
