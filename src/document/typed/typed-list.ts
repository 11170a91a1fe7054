import type { Document } from '../document.js'
import { DocumentArray } from '../document-array.js'
import { MillraceError } from '../../errors.js'
import { within } from '../json-place.js'
import type { Filter } from '../filter.js'
import { compileFilterOf } from '../filter.js'
import type { FindOptions } from '../nearest.js'
import type { Tensor } from '../tensor.js'
import { splitRows } from '../stack.js'
import { column } from './column.js'
import type { Schema } from './compiled.js'
import { Checked, schemaOf, source, TypedBase } from './typed-document.js'

/** How a list of typed documents searches: `filter` names fields of the documents. */
export type TypedFindOptions = FindOptions

/**
 * A list of typed documents: a view of a DocumentArray whose Documents have been checked. Its classes have a property for each
 * field, the column of its values.
 */
export class TypedList implements Iterable<TypedBase> {
  readonly [source]: DocumentArray
  readonly #Class: typeof TypedBase
  readonly #schema: Schema

  constructor(Class: typeof TypedBase, documents: DocumentArray) {
    this.#Class = Class
    this.#schema = schemaOf(Class)
    this[source] = documents
  }

  get length(): number {
    return this[source].length
  }

  *[Symbol.iterator](): IterableIterator<TypedBase> {
    for (const document of this[source]) yield this.#wrap(document)
  }

  at(index: number): TypedBase | undefined {
    const document = this[source].at(index)
    return document && this.#wrap(document)
  }

  get(id: string): TypedBase | undefined {
    const document = this[source].get(id)
    return document && this.#wrap(document)
  }

  push(...documents: unknown[]): number {
    this[source].extend(documents.map((given, index) => this.#documentFrom(given, index)))
    return this.length
  }

  slice(start?: number, end?: number): TypedList {
    return this.#list(this[source].slice(start, end))
  }

  map<T>(give: (document: TypedBase, index: number) => T): T[] {
    return this[source].map((document, index) => give(this.#wrap(document), index))
  }

  filter(keep: (document: TypedBase, index: number) => unknown): TypedList {
    return this.#list(this[source].filter((document, index) => keep(this.#wrap(document), index)))
  }

  sort(compare: (left: TypedBase, right: TypedBase) => number): this {
    this[source].sort((left, right) => compare(this.#wrap(left), this.#wrap(right)))
    return this
  }

  column(name: string): unknown {
    return column(this[source], this.#schema.field(name))
  }

  setColumn(name: string, values: unknown): void {
    const field = this.#schema.field(name)
    const list: readonly unknown[] =
      field.tensor !== undefined ? splitRows(values as Tensor) : Array.from(values as unknown[])
    if (list.length !== this.length) {
      throw new MillraceError(
        'INVALID_INPUT',
        `${name}: expected one value for each of ${this.length} documents, got ${list.length}.`,
      )
    }
    let at = 0
    for (const document of this[source]) {
      try {
        field.set(document, list[at])
      } catch (error) {
        throw within(error, at, name)
      }
      at++
    }
  }

  /** The Documents as another class, with more fields. */
  to(Class: typeof TypedBase, more: (document: TypedBase, index: number) => object = () => ({})): TypedList {
    const target = schemaOf(Class)
    let at = 0
    for (const document of this[source]) {
      try {
        for (const [name, value] of Object.entries(more(this.#wrap(document), at))) {
          try {
            target.field(name).set(document, value)
          } catch (error) {
            throw within(error, name)
          }
        }
        target.check(document)
      } catch (error) {
        throw within(error, at)
      }
      at++
    }
    return target.list(this[source]) as TypedList
  }

  match(candidates: TypedList, options: TypedFindOptions = {}): void {
    const { filter, ...rest } = options
    this[source].match(filter === undefined ? candidates[source] : candidates.#passing(filter), rest)
  }

  find(query: unknown, options: TypedFindOptions = {}): TypedList | TypedList[] {
    const { filter, ...rest } = options
    const documents = filter === undefined ? this[source] : this.#passing(filter)
    if (isFilter(query)) {
      const passing = this.#passing(query)
      return this.#list(passing.slice(0, options.limit ?? undefined))
    }
    const asked = query instanceof TypedBase || query instanceof TypedList ? query[source] : query
    const found = documents.find(asked as DocumentArray, rest) as DocumentArray | DocumentArray[]
    return Array.isArray(found) ? found.map((one) => this.#list(one)) : this.#list(found)
  }

  toArray(): Record<string, unknown>[] {
    return this[source].map((document) => this.#schema.plain(document))
  }

  toJSON(): Record<string, unknown>[] {
    return this.toArray()
  }

  #list(documents: DocumentArray): TypedList {
    return this.#schema.list(documents) as TypedList
  }

  #wrap(document: Document): TypedBase {
    return new this.#Class(new Checked(document))
  }

  #documentFrom(given: unknown, index: number): Document {
    try {
      return this.#schema.documentFrom(given)
    } catch (error) {
      throw within(error, index)
    }
  }

  #passing(filter: Filter): DocumentArray {
    const passes = compileFilterOf<Document>(filter, {
      valueAt: (document, path) => valueAt(this.#schema, document, path),
      check: (path) => void (path === 'id' || this.#schema.field(path.split('__')[0]!)),
      exists: (value) => value !== undefined && value !== null,
    })
    return this[source].filter(passes)
  }
}

/** Whether a value is a list of typed documents, of this or another copy of the package. */
export function isTypedList(value: unknown): value is TypedList {
  return typeof value === 'object' && value !== null && source in value && Symbol.iterator in value
}

function valueAt(schema: Schema, document: Document, path: string): unknown {
  if (path === 'id') return document.id
  const [name, ...rest] = path.split('__')
  let value = schema.field(name!).plain(document)
  for (const key of rest) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

/** A plain object, and not a tensor, a document or a list of them. */
function isFilter(query: unknown): query is Filter {
  if (typeof query !== 'object' || query === null || Array.isArray(query)) return false
  const prototype: unknown = Object.getPrototypeOf(query)
  return prototype === Object.prototype || prototype === null
}
