import { Document } from '../document.js'
import { type Inspect, inspectSymbol } from '../inspect.js'
import { within } from '../json-place.js'
import type { Scores } from '../score.js'
import type { Schema } from './compiled.js'

/** The Document that holds the fields of a typed document. */
export const source: unique symbol = Symbol.for('millrace.typed.document') as never
/** The compiled fields of a class of typed documents. */
export const schema: unique symbol = Symbol.for('millrace.typed.schema') as never

/** Passed to the constructor of a class, for a Document that has been checked. */
export class Checked {
  readonly document: Document
  constructor(document: Document) {
    this.document = document
  }
}

/** What all typed documents have. Their classes have a property for each field. */
export class TypedBase {
  static readonly [schema]: Schema
  readonly [source]: Document

  constructor(init: Readonly<Record<string, unknown>> | Checked) {
    if (init instanceof Checked) {
      this[source] = init.document
      return
    }
    this[source] = schemaOf(new.target).create(init)
  }

  get id(): string {
    return this[source].id
  }
  set id(value: string) {
    this[source].id = value
  }

  /** What `find` and `match` computed, by the name of the metric. */
  get scores(): Scores {
    return this[source].scores
  }
  set scores(value: Scores) {
    this[source].scores = value
  }

  /** Its id and fields; tensors are nested lists in JSON. */
  toJSON(): Record<string, unknown> {
    return schemaOf(this.constructor).plain(this[source])
  }

  [inspectSymbol](_depth: number, options: object, inspect: Inspect): string {
    return `${this.constructor.name} ${inspect(this.toJSON(), options)}`
  }
}

/** The Document of a typed document: what travels, and what handlers of untyped endpoints get. */
export function documentOf(typed: TypedBase): Document {
  return typed[source]
}

/** Whether a value is a typed document, of this or another copy of the package. */
export function isTyped(value: unknown): value is TypedBase {
  return typeof value === 'object' && value !== null && source in value && !(Symbol.iterator in value)
}

/** Whether a value is a class of typed documents. */
export function isDocClass(value: unknown): value is typeof TypedBase {
  return typeof value === 'function' && schema in value
}

export function schemaOf(Class: unknown): Schema {
  return (Class as typeof TypedBase)[schema]
}

/** Gives a prototype a property for each field. */
export function defineFields(prototype: object, compiled: Schema): void {
  for (const field of compiled.fields) {
    Object.defineProperty(prototype, field.name, {
      get(this: TypedBase): unknown {
        return field.hand(this[source])
      },
      set(this: TypedBase, value: unknown) {
        try {
          field.set(this[source], value)
        } catch (error) {
          throw within(error, field.name)
        }
      },
      enumerable: true,
      configurable: true,
    })
  }
}
