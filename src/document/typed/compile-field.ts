import { Document } from '../document.js'
import { DocumentArray } from '../document-array.js'
import { equal } from '../equal.js'
import { within } from '../json-place.js'
import type { CompiledField, Schema } from './compiled.js'
import { kindNameOf } from './kind-name.js'
import type { Place } from './place.js'
import type { StandardSchema } from './standard-schema.js'
import { parseTensor, tensorText } from './tensor-field.js'
import { Checked, isTyped, schemaOf, source, type TypedBase } from './typed-document.js'
import type { Field, OwnField } from './types.js'
import { mismatch, validate } from './validate.js'

/** Where a value may be: at its place, and, from peers that do not know the schema, elsewhere. */
export interface Places {
  readonly own: Place
  readonly others: readonly Place[]
}

/** How values of one kind are checked, stored and handed out. */
interface Kind {
  /** A list of documents; a missing one is empty, because DocArray v1 cannot tell them apart. */
  readonly isList?: boolean
  /** The schema of a document, or of the documents of a list. */
  readonly of?: Schema
  /** The value as it is stored. Throws INVALID_INPUT. */
  parse(value: unknown): unknown
  toUser(stored: unknown): unknown
  toPlain(stored: unknown): unknown
  /** Whether a parsed value equals the stored value. */
  same(parsed: unknown, stored: unknown): boolean
}

/** A field of `doc()` with the places of its value. */
export function compileField(name: string, field: Field, { own, others }: Places): CompiledField {
  const isOptional = 'kind' in field && field.kind === 'optional'
  const inner = isOptional ? field.of : (field as Exclude<Field, { kind: 'optional' }>)
  const kind = kindOf(inner)
  const parse = (value: unknown): unknown =>
    isOptional && (value === undefined || value === null) ? undefined : kind.parse(value)
  const clearOthers = (document: Document): void => {
    for (const other of others) if (other.peek(document) !== undefined) other.write(document, undefined)
  }
  const isMissing = (document: Document): boolean => own.peek(document) === undefined
  return {
    name,
    isOptional,
    place: own,
    kind: kindNameOf(field),
    of: kind.of,
    takesNull: kindNameOf(field) === 'value' && accepts(kind, null),
    tensor: 'kind' in field && field.kind === 'tensor' ? field : undefined,
    hand(document) {
      if (kind.isList && isMissing(document)) {
        if (isOptional) return undefined
        own.write(document, new DocumentArray())
      }
      return kind.toUser(own.hand(document))
    },
    stored(document) {
      const value = own.peek(document)
      return value === undefined && kind.isList && !isOptional ? new DocumentArray() : value
    },
    plain: (document) =>
      kind.isList && !isOptional && isMissing(document) ? [] : kind.toPlain(own.peek(document)),
    set(document, value) {
      own.write(document, parse(value))
      clearOthers(document)
    },
    check(document) {
      const stored = own.peek(document)
      let found = stored
      for (let at = 0; found === undefined && at < others.length; at++) found = others[at]!.peek(document)
      // so that a missing list is told from one that a client does not know of
      if (found === undefined && kind.isList && !isOptional && own.isPart) found = new DocumentArray()
      const parsed = parse(found)
      if (found === stored && kind.same(parsed, stored)) return
      clearOthers(document)
      own.write(document, parsed)
    },
  }
}

function accepts(kind: Kind, value: unknown): boolean {
  try {
    return kind.parse(value) === value
  } catch {
    return false
  }
}

function kindOf(field: StandardSchema | OwnField): Kind {
  if (Array.isArray(field)) return listKind(field[0])
  if (typeof field === 'function' && 'fields' in field)
    return documentKind(field as unknown as typeof TypedBase)
  if ('kind' in field && field.kind === 'tensor') {
    return {
      ...plainKind,
      parse(value) {
        if (value === undefined || value === null) throw mismatch(`expected ${tensorText(field)}`, value)
        return parseTensor(field, value)
      },
    }
  }
  if ('kind' in field && field.kind === 'bytes') return bytesKind
  return valueKind(field as StandardSchema)
}

const plainKind: Omit<Kind, 'parse'> = {
  toUser: (stored) => stored,
  toPlain: (stored) => stored,
  same: (parsed, stored) => parsed === stored,
}

const bytesKind: Kind = {
  ...plainKind,
  parse(value) {
    if (value instanceof Uint8Array) return value
    // what a Struct makes of bytes
    if (Array.isArray(value) && value.every((entry) => Number.isInteger(entry) && entry >= 0 && entry < 256))
      return Uint8Array.from(value as number[])
    throw mismatch('expected bytes (a Uint8Array)', value)
  },
}

function valueKind(schema: StandardSchema): Kind {
  return {
    ...plainKind,
    parse: (value) => validate(schema, value),
    // libraries copy objects and lists
    same: (parsed, stored) => parsed === stored || (typeof stored === 'object' && equal(parsed, stored)),
  }
}

function documentKind(Class: typeof TypedBase): Kind {
  const compiled = schemaOf(Class)
  return {
    of: compiled,
    parse: (value) => compiled.documentFrom(value),
    toUser: (stored) => (stored === undefined ? undefined : new Class(new Checked(stored as Document))),
    toPlain: (stored) => (stored === undefined ? undefined : compiled.plain(stored as Document)),
    same: plainKind.same,
  }
}

function listKind(Class: typeof TypedBase): Kind {
  const compiled = schemaOf(Class)
  return {
    isList: true,
    of: compiled,
    parse(value) {
      if (value === undefined) return undefined
      if (!isIterable(value)) throw mismatch('expected a list of documents', value)
      let isSame = value instanceof DocumentArray
      const documents: Document[] = []
      for (const given of value) {
        try {
          const document = compiled.documentFrom(given)
          isSame &&= document === given
          documents.push(document)
        } catch (error) {
          throw within(error, documents.length)
        }
      }
      return isSame ? value : new DocumentArray(documents)
    },
    toUser: (stored) => (stored === undefined ? undefined : compiled.list(stored as DocumentArray)),
    toPlain: (stored) =>
      stored === undefined
        ? undefined
        : (stored as DocumentArray).map((document) => compiled.plain(document)),
    same: plainKind.same,
  }
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}

/** The Document in a value that is one, or a typed one; undefined for anything else. */
export function givenDocument(value: unknown): Document | undefined {
  if (value instanceof Document) return value
  return isTyped(value) ? value[source] : undefined
}
