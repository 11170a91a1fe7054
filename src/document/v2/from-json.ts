import { Writer } from '../../lib/protobuf/writer.js'
import { MillraceError } from '../../errors.js'
import { randomId } from '../id.js'
import { isFieldName } from '../list-version.js'
import { type Place, within } from '../json-place.js'
import { NdArray, type NestedNumbers } from '../nd-array.js'
import { flatten } from '../nested.js'
import { maxStructDepth } from '../struct.js'
import { familyFields, tensorFields } from './counterparts.js'
import type { Node } from './node.js'
import { writeEntry } from './write-node.js'
import { isMapping } from '../../lib/mapping.js'

/** JSON and its place in the body, for errors. */
export interface PlacedJson {
  readonly json: unknown
  readonly place: Place
}

const likeId: Node = { kind: 'text', value: '', type: 'id' }

/**
 * The DocListProto of documents of v2 in JSON, with the fields by their names (jina.md 4.7). JSON does not tell the types: whole numbers become
 * int, objects dict, lists list; `tensor` and `embedding` become arrays of float64 (or bool), `chunks` and `matches` lists of documents.
 * A document without an id gets a random one, and names of its fields are identifiers. Throws INVALID_INPUT, with the place.
 */
export function docListFromJson(documents: readonly PlacedJson[]): Uint8Array {
  const writer = new Writer(256 * documents.length + 64)
  writeDocuments(writer, documents, 0)
  return writer.finish()
}

function writeDocuments(writer: Writer, documents: readonly PlacedJson[], depth: number): void {
  for (const document of documents) {
    const mark = writer.fork(1)
    writeDocument(writer, document, depth)
    writer.join(mark)
  }
}

function writeDocument(writer: Writer, { json, place }: PlacedJson, depth: number): void {
  if (depth > maxStructDepth) throw wrong(`is nested deeper than ${maxStructDepth} levels`, place)
  if (!isMapping(json)) throw wrong('must be an object, a document', place)
  const { id = null, ...fields } = json
  if (id !== null && typeof id !== 'string') throw wrong('must be a text', [...place, 'id'])
  write(writer, 'id', id ?? randomId(), depth, likeId)
  for (const [name, value] of Object.entries(fields)) {
    // a nested document has the format of its parent, so its names need no check
    if (depth === 0 && !isFieldName(name))
      throw wrong('is no name of a field of DocArray v2: it must be an identifier, as in Python', [
        ...place,
        name,
      ])
    if (familyFields.has(name) && Array.isArray(value) && value.every(isMapping)) {
      const documents = value.map((one, index) => ({ json: one, place: [...place, name, index] }))
      writeFamily(writer, name, documents, depth + 1)
      continue
    }
    try {
      write(writer, name, fieldOf(name, value), depth)
    } catch (error) {
      throw within(error, ...place, name)
    }
  }
}

function write(writer: Writer, name: string, value: unknown, depth: number, like?: Node): void {
  writeEntry(writer, name, value, {
    like,
    depth,
    writeDocument: () => {}, // JSON has no Documents
  })
}

/** A field that is a DocList. */
function writeFamily(writer: Writer, name: string, documents: readonly PlacedJson[], depth: number): void {
  const entry = writer.fork(1)
  writer.string(1, name)
  const node = writer.fork(2)
  const list = writer.fork(8)
  writeDocuments(writer, documents, depth)
  writer.join(list)
  writer.join(node)
  writer.join(entry)
}

/** Numbers that are an array. Bytes cannot be told from a text. */
function fieldOf(name: string, value: unknown): unknown {
  if (tensorFields.has(name) && isNumbers(value)) return new NdArray(flatten(value))
  return value
}

function isNumbers(value: unknown): value is NestedNumbers & readonly unknown[] {
  if (!Array.isArray(value)) return false
  let first: unknown = value
  while (Array.isArray(first)) first = first[0]
  return first !== undefined && typeof first !== 'string' && typeof first !== 'object'
}

function wrong(what: string, place: Place): unknown {
  return within(new MillraceError('INVALID_INPUT', what), ...place)
}
