import { MillraceError } from '../../errors.js'
import { DocumentArray } from '../document-array.js'
import { field as number } from '../fields.js'
import { compileField, type Places } from './compile-field.js'
import type { CompiledField, KindName, Schema } from './compiled.js'
import { kindNameOf } from './kind-name.js'
import { familyPlace, ownPlace, partPlace, type Place, tagPlace } from './place.js'
import { FieldSchema } from './schema.js'
import { isStandardSchema } from './standard-schema.js'
import { defineFields, isDocClass, schema, TypedBase } from './typed-document.js'
import { TypedList } from './typed-list.js'
import type { Field, Fields, TypedDocClass } from './types.js'

/** How a class of typed documents is described to others. */
export interface DocOptions {
  /** The name of the model in OpenAPI and in endpoint discovery. Default: the name of a class that extends it, else `Document`. */
  readonly name?: string
  readonly description?: string
}

/**
 * A class of typed documents. Fields are Standard Schemas (zod, valibot, arktype, …), `tensor()`, `bytes()`, other classes
 * (`Author`), lists of them (`[Author]`), and `optional()` of the last four. Every document also has an `id`.
 *
 * Documents travel as Documents of DocArray v1 (docs/types.md says which field goes where), so values of Standard Schemas are what
 * JSON can hold.
 *
 * @throws INVALID_OPTION for names that documents have already, and values that are no fields
 *
 * @example
 * const Article = doc({
 *   title: z.string(),
 *   tags: z.array(z.string()).optional(),
 *   embedding: tensor('float32', [384]),
 * })
 * const article = new Article({ title: 'Water', embedding: new Float32Array(384) })
 */
export function doc<const F extends Fields>(fields: F, options: DocOptions = {}): TypedDocClass<F> {
  for (const [name, field] of Object.entries(fields)) checkField(name, field)
  const compiled = compileFields(fields)
  class List extends TypedList {}
  defineColumns(List.prototype, compiled)
  class Typed extends TypedBase {
    static readonly fields: F = fields

    /** Made for each class that extends this one, so that its documents are instances of it. */
    static override get [schema](): Schema {
      const own = schemas.get(this)
      if (own !== undefined) return own
      const made = new FieldSchema({
        name: options.name ?? (this === Typed || this.name === '' ? 'Document' : this.name),
        description: options.description,
        fields: compiled,
        list: (documents) => new List(this, documents),
      })
      schemas.set(this, made)
      return made
    }

    static list(documents: Iterable<unknown> = []): TypedList {
      const list = new List(this, new DocumentArray())
      list.push(...documents)
      return list
    }
  }
  defineFields(Typed.prototype, Typed[schema])
  // the properties are defined above, by name
  return Typed as unknown as TypedDocClass<F>
}

const schemas = new WeakMap<object, Schema>()

const reserved = new Set(['id', 'scores', 'constructor', 'toJSON', '__proto__', ''])

function checkField(name: string, field: Field): void {
  if (reserved.has(name)) {
    const why =
      name === 'id' || name === 'scores' ? 'every document has it, so leave it out' : 'choose another name'
    throw new MillraceError('INVALID_OPTION', `doc(): a field cannot be called '${name}'; ${why}.`)
  }
  if (name.includes('__')) {
    throw new MillraceError(
      'INVALID_OPTION',
      `doc(): a field cannot be called '${name}', because '__' reaches into fields in filters.`,
    )
  }
  if (isField(field)) return
  throw new MillraceError(
    'INVALID_OPTION',
    `doc(): '${name}' must be a Standard Schema (z.string(), say), tensor(), bytes(), a class of doc(), a list [Class] of one, or optional() of these.`,
  )
}

function isField(field: unknown): boolean {
  if (isDocClass(field) || isStandardSchema(field)) return true
  if (Array.isArray(field)) return field.length === 1 && isDocClass(field[0])
  if (typeof field !== 'object' || field === null || !('kind' in field)) return false
  if (field.kind === 'optional') return 'of' in field && !isStandardSchema(field.of) && isField(field.of)
  return field.kind === 'tensor' || field.kind === 'bytes'
}

/**
 * The places of fields (docs/decisions/0049-typed-documents-on-the-v1-wire.md): a field goes to the field of a Document with its
 * name and kind, if there is one; else to `tags`, or, if JSON cannot hold it, to a chunk.
 */
function compileFields(fields: Fields): CompiledField[] {
  const entries = Object.entries(fields)
  // a Document has one of text, blob and tensor
  const content = entries.find(([name, field]) => contentOf(name, kindNameOf(field)) !== undefined)?.[0]
  const placed = entries.map(([name, field]) => {
    const kind = kindNameOf(field)
    const own = contentOf(name, kind)
    const isContent = own !== undefined && name === content
    return { name, field, kind, places: isContent ? ownPlaces(name, own) : placesOf(name, kind, own) }
  })
  // chunks can be the elements of a list, or hold fields
  const parts = placed.filter(({ name, kind, places }) => places.own.isPart === true && !isChunks(name, kind))
  return placed.map(({ name, field, kind, places }) => {
    const isFamily = parts.length === 0 && isChunks(name, kind)
    const own = isFamily ? familyPlace(number.chunks) : places.own
    return compileField(name, field, { ...places, own })
  })
}

function isChunks(name: string, kind: KindName): boolean {
  return name === 'chunks' && kind === 'list'
}

function contentOf(name: string, kind: KindName): number | undefined {
  if (name === 'text' && kind === 'value') return number.text
  if (name === 'tensor' && kind === 'tensor') return number.tensor
  return name === 'blob' && kind === 'blob' ? number.blob : undefined
}

function ownPlaces(name: string, own: number): Places {
  if (own === number.text) return textPlaces(name, own)
  return {
    own: ownPlace(own),
    others: [tagPlace(name), partPlace(name, own === number.tensor ? 'tensor' : 'blob')],
  }
}

/** Texts go to the field of a Document, values of other types to `tags`. */
function textPlaces(name: string, own: number): Places {
  return { own: textPlace(ownPlace(own), tagPlace(name)), others: [] }
}

function textPlace(own: Place, tag: Place): Place {
  return {
    key: own.key,
    peek: (document) => own.peek(document) ?? tag.peek(document),
    hand: (document) => own.peek(document) ?? tag.hand(document),
    write(document, value) {
      own.write(document, typeof value === 'string' ? value : undefined)
      tag.write(document, typeof value === 'string' ? undefined : value)
    },
  }
}

function placesOf(name: string, kind: KindName, content: number | undefined): Places {
  const tag = tagPlace(name)
  const others = content === undefined ? [tag] : [tag, ownPlace(content)]
  switch (kind) {
    case 'value':
      if (name === 'uri') return textPlaces(name, number.uri)
      if (name === 'mimeType') return textPlaces(name, number.mimeType)
      return { own: tag, others: others.slice(1) }
    case 'tensor':
      if (name === 'embedding') return { own: ownPlace(number.embedding), others }
      return { own: partPlace(name, kind), others }
    case 'list':
      if (name === 'matches') return { own: familyPlace(number.matches), others }
      return { own: partPlace(name, kind), others }
    case 'blob':
    case 'document':
      return { own: partPlace(name, kind), others }
  }
}

/** Gives a prototype a column for each field whose name it does not use. */
function defineColumns(prototype: TypedList, fields: readonly CompiledField[]): void {
  for (const { name } of fields) {
    if (name in prototype) continue
    Object.defineProperty(prototype, name, {
      get(this: TypedList): unknown {
        return this.column(name)
      },
      set(this: TypedList, values: unknown) {
        this.setColumn(name, values)
      },
      enumerable: true,
      configurable: true,
    })
  }
}
