import { Document } from '../document.js'
import type { DocumentArray } from '../document-array.js'
import { field as number } from '../fields.js'
import { within } from '../json-place.js'
import { record } from '../record.js'
import { setOwn } from '../struct.js'
import { nearest } from '../../lib/nearest.js'
import { MillraceError } from '../../errors.js'
import { givenDocument } from './compile-field.js'
import type { CompiledField, Schema } from './compiled.js'
import { schemaOf, type TypedBase } from './typed-document.js'
import { mismatch } from './validate.js'

export interface SchemaOptions {
  readonly name: string
  readonly description: string | undefined
  readonly fields: readonly CompiledField[]
  /** Wraps Documents that have been checked. */
  readonly list: (documents: DocumentArray) => object
}

/** Compare `Schema`. */
export class FieldSchema implements Schema {
  readonly name: string
  readonly description: string | undefined
  readonly fields: readonly CompiledField[]
  readonly list: (documents: DocumentArray) => object
  readonly #names: ReadonlySet<string>

  constructor({ name, description, fields, list }: SchemaOptions) {
    this.name = name
    this.description = description
    this.fields = fields
    this.list = list
    this.#names = new Set(['id', 'scores', ...fields.map((field) => field.name)])
  }

  create(init: unknown): Document {
    if (typeof init !== 'object' || init === null || Array.isArray(init))
      throw mismatch(`expected an object with the fields of ${this.name}`, init)
    const given = init as Readonly<Record<string, unknown>>
    const document = new Document(given.id === undefined ? {} : { id: given.id as string })
    if (given.scores !== undefined) document.scores = given.scores as Document['scores']
    for (const key of Object.keys(given)) if (!this.#names.has(key)) throw this.#unknown(key)
    for (const field of this.fields) {
      try {
        const value = Object.hasOwn(given, field.name) ? given[field.name] : undefined
        if (value !== undefined || !field.isOptional) field.set(document, value)
      } catch (error) {
        throw within(error, field.name)
      }
    }
    return document
  }

  check(document: Document): void {
    const { fields } = this
    for (let at = 0; at < fields.length; at++) {
      const field = fields[at]!
      try {
        field.check(document)
      } catch (error) {
        throw within(error, field.name)
      }
    }
  }

  checkAll(documents: Iterable<Document>, place: string): void {
    let index = 0
    for (const document of documents) {
      try {
        this.check(document)
      } catch (error) {
        throw within(error, place, index)
      }
      index++
    }
  }

  documentFrom(value: unknown): Document {
    const given = givenDocument(value)
    if (given === undefined) return this.create(value)
    if (value === given || schemaOf((value as TypedBase).constructor) !== this) this.check(given)
    return given
  }

  plain(document: Document): Record<string, unknown> {
    const data: Record<string, unknown> = { id: document.id }
    if (!document[record].isEmpty(number.scores)) data.scores = document[record].get(number.scores)
    for (const field of this.fields) {
      const value = field.plain(document)
      if (value !== undefined) setOwn(data, field.name, value)
    }
    return data
  }

  field(name: string): CompiledField {
    const found = this.fields.find((field) => field.name === name)
    if (found === undefined) throw this.#unknown(name)
    return found
  }

  #unknown(name: string): MillraceError {
    const near = nearest(name, this.#names)
    const hint =
      near === undefined ? `its fields are ${[...this.#names].join(', ')}` : `did you mean '${near}'?`
    return new MillraceError('INVALID_INPUT', `${this.name} has no field '${name}'; ${hint}`)
  }
}
