import { Writer } from '../../lib/protobuf/writer.js'
import type { Document } from '../document.js'
import { DocumentArray } from '../document-array.js'
import { field } from '../fields.js'
import { record } from '../record.js'
import type { NamedScore, Scores } from '../score.js'
import { isFieldName } from '../list-version.js'
import { setOwn } from '../struct.js'
import type { Schema } from '../typed/compiled.js'
import { heldField } from '../typed/place.js'
import { familyFields, numberFields, scoreFields, tensorFields, textFields } from './counterparts.js'
import type { Node, Nodes } from './node.js'
import { writeEntry } from './write-node.js'

/**
 * The DocListProto of Documents: of a class of typed documents, or as `readDocuments` read them. A new Document has the fields
 * of DocArray's LegacyDocument. Throws INVALID_INPUT for values that cannot be sent.
 */
export function writeDocList(documents: DocumentArray, schema?: Schema): Uint8Array {
  return writeAll(documents, { schema, depth: 0 })
}

/**
 * As `writeDocList` without a schema, for a peer whose documents have fields of these names: entries of `tags` with such a name are
 * fields, and so are those of the documents that a typed document has in its fields.
 */
export function writeDocListFor(documents: DocumentArray, fieldNames: ReadonlySet<string>): Uint8Array {
  return writeAll(documents, { schema: undefined, depth: 0, isField: (name) => fieldNames.has(name) })
}

function writeAll(documents: DocumentArray, writing: Writing): Uint8Array {
  const writer = new Writer(256 * documents.length + 64)
  for (const document of documents) {
    const mark = writer.fork(1)
    writeDocument(writer, document, writing)
    writer.join(mark)
  }
  return writer.finish()
}

interface Writing {
  readonly schema: Schema | undefined
  readonly depth: number
  /** Whether an entry of `tags` is a field of the document. Default: if it came as one. */
  readonly isField?: ((name: string) => boolean) | undefined
}

const likeId: Node = { kind: 'text', value: '', type: 'id' }

function writeDocument(writer: Writer, document: Document, { schema, depth, isField }: Writing): void {
  const { nodes } = document[record]
  const values = schema === undefined ? untypedValues(document, isField) : typedValues(document, schema)
  // in the order in which they came; a field whose value was removed is None
  const names = schema === undefined ? new Set([...(nodes?.keys() ?? []), ...values.keys()]) : values.keys()
  for (const name of names) {
    const inner = schema?.fields.find((known) => known.name === name)?.of
    // only typed documents have documents in fields of other names, and all tags of these are fields
    const isInnerField = isField === undefined || familyFields.has(name) ? undefined : isFieldName
    writeEntry(writer, name, values.get(name), {
      like: nodes?.get(name) ?? (name === 'id' ? likeId : undefined),
      depth,
      writeDocument: (own, one, level) =>
        writeDocument(own, one, { schema: inner, depth: level, isField: isInnerField }),
    })
  }
}

/** The fields of a typed document; a missing one is None, as DocArray sends it. */
function typedValues(document: Document, { fields }: Schema): Map<string, unknown> {
  const values = new Map<string, unknown>([['id', document.id]])
  if (!document[record].isEmpty(field.scores)) values.set('scores', scoreValues(document.scores, undefined))
  for (const known of fields) values.set(known.name, known.stored(document))
  return values
}

/** The opposite of `readDocuments`. */
function untypedValues(document: Document, isField: Writing['isField']): Map<string, unknown> {
  const own = document[record]
  const { nodes } = own
  const values = new Map<string, unknown>()
  const put = (name: string, value: unknown): void => void (value !== undefined && values.set(name, value))
  put('id', own.get(field.id))
  const chunks: Document[] = []
  for (const chunk of own.isEmpty(field.chunks) ? [] : document.chunks) {
    const held = heldField(chunk)
    if (held === undefined) chunks.push(chunk)
    else if (held.kind === 'list') put(held.name, chunk.chunks)
    else {
      const isDocument = held.kind === 'document' || nodes?.get(held.name)?.kind === 'doc'
      put(held.name, isDocument ? chunk : chunk.content)
    }
  }
  const uriName = uriNameOf(nodes)
  for (const [name, number] of textFields) {
    const isOther = number === field.uri && name !== uriName
    const isMark = number === field.modality && heldField(document) !== undefined
    if (!isOther && !isMark) put(name, own.get(number))
  }
  for (const fields of [numberFields, tensorFields])
    for (const [name, number] of fields) put(name, own.get(number))
  put('blob', own.get(field.blob))
  if (!own.isEmpty(field.location)) put('location', own.get(field.location))
  for (const [name, number] of scoreFields) {
    const like = nodes?.get(name)
    if (own.isEmpty(number) && like?.kind !== 'dict') continue
    put(name, scoreValues((own.get(number) ?? {}) as Scores, like))
  }
  if (chunks.length > 0 || nodes?.get('chunks')?.kind === 'doc_array')
    put('chunks', new DocumentArray(chunks))
  if (!own.isEmpty(field.matches) || nodes?.get('matches')?.kind === 'doc_array')
    put('matches', document.matches)
  for (const [name, value] of tagValues(document, (tag) => isField?.(tag) === true && !values.has(tag)))
    put(name, value)
  return values
}

/** The name under which the `uri` came; `url` for a new one. */
function uriNameOf(nodes: Nodes | undefined): string {
  for (const [name, { kind }] of nodes ?? [])
    if (textFields.get(name) === field.uri && kind === 'text') return name
  return 'url'
}

/** Tags become fields if they came as fields, or if the peer has fields of these names. The rest are the dict `tags`. */
function tagValues(document: Document, isField: (name: string) => boolean): Map<string, unknown> {
  const own = document[record]
  const { nodes } = own
  const tags = (own.get(field.tags) ?? {}) as Record<string, unknown>
  const values = new Map<string, unknown>()
  const rest: Record<string, unknown> = {}
  const { kind } = nodes?.get('tags') ?? { kind: 'dict' }
  for (const [name, value] of Object.entries(tags)) {
    const isOwn = nodes?.has(name) === true || (kind !== 'dict' && kind !== 'none')
    // an entry with the name of the dict itself is no field, and a document of v2 has said what its fields are
    if (isOwn || (nodes === undefined && name !== 'tags' && isField(name))) values.set(name, value)
    else setOwn(rest, name, value)
  }
  if (nodes?.get('tags')?.kind === 'dict' || Object.keys(rest).length > 0) values.set('tags', rest)
  return values
}

/** A score is a number, unless it has more than its value or came otherwise. */
function scoreValues(scores: Scores, like: Node | undefined): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [name, score] of Object.entries(scores)) {
    const known = like?.kind === 'dict' ? like.value.get(name) : undefined
    setOwn(values, name, scoreValue(score, known?.kind === 'dict'))
  }
  return values
}

function scoreValue({ value, opName, description, refId }: NamedScore, isObject: boolean): unknown {
  const more = {
    ...(opName && { op_name: opName }),
    ...(description && { description }),
    ...(refId && { ref_id: refId }),
  }
  return isObject || Object.keys(more).length > 0 ? { value, ...more } : value
}
