import { MillraceError } from '../../errors.js'
import { Document } from '../document.js'
import { DocumentArray } from '../document-array.js'
import { field } from '../fields.js'
import { DocumentRecord, record } from '../record.js'
import type { NamedScore, Scores } from '../score.js'
import { setOwn } from '../struct.js'
import { isPartMark, modalityOf, type PartKind } from '../typed/place.js'
import { familyFields, numberFields, scoreFields, tensorFields, textFields } from './counterparts.js'
import type { Node, Nodes } from './node.js'
import { plainObject, plainOf } from './plain.js'

/**
 * Reads documents of DocArray v2 as Documents, without knowing their class: fields with a counterpart of that name and kind become it;
 * other plain values become `tags`; other n-d arrays, bytes, documents and lists of documents become chunks whose modality names
 * the field, as those of typed documents do (docs/decisions/0049-typed-documents-on-the-v1-wire.md). Each Document keeps the nodes that it
 * came from, so that `writeDocList` can give its values their kinds and names again.
 *
 * Throws UNSUPPORTED for values without a counterpart; the message begins with `place`.
 */
export function readDocuments(documents: readonly Nodes[], place: string): DocumentArray {
  return new DocumentArray(documents.map((nodes, index) => readDocument(nodes, `${place}[${index}]`)))
}

/** One document as `readDocuments` does. One that becomes a chunk for a field has the field as its modality, so its own goes to `tags`. */
export function readDocument(nodes: Nodes, place: string, isPart = false): Document {
  const document = new Document(new DocumentRecord())
  document[record].nodes = nodes
  const id = nodes.get('id')
  // first, because chunks have it as their parent's
  if (id?.kind === 'text') document[record].set(field.id, id.value)
  for (const [name, node] of nodes) {
    if (name === 'id' && node.kind === 'text') continue
    const given = { name, node, place: `${place}.${name}` }
    const mayBeField = node.kind !== 'none' && !(isPart && name === 'modality')
    if (mayBeField && readCounterpart(document, given)) continue
    if (!isCounterpart(name) || node.kind !== 'none') readOther(document, given)
  }
  return document
}

interface Field {
  readonly name: string
  readonly node: Node
  readonly place: string
}

const isCounterpart = (name: string): boolean =>
  name === 'id' ||
  name === 'blob' ||
  name === 'tags' ||
  [textFields, numberFields, tensorFields, familyFields, scoreFields].some((fields) => fields.has(name))

/** Sets the field of a Document that has this name and kind; false if there is none, or if it is taken. */
function readCounterpart(document: Document, { name, node, place }: Field): boolean {
  const own = document[record]
  switch (node.kind) {
    case 'text': {
      const number = textFields.get(name)
      if (number === field.modality && isPartMark(node.value)) return false
      return number !== undefined && setFree(document, number, node.value)
    }
    case 'blob':
      return name === 'blob' && setFree(document, field.blob, node.value)
    case 'ndarray': {
      const number = tensorFields.get(name)
      return number !== undefined && setFree(document, number, node.value)
    }
    case 'integer':
    case 'float': {
      const number = numberFields.get(name)
      return number !== undefined && setFree(document, number, node.value)
    }
    case 'doc_array': {
      const family = familyFields.get(name)
      if (family === undefined) return false
      document[family].extend(readDocuments(node.value, place))
      return true
    }
    case 'dict': {
      if (name === 'tags') {
        for (const [key, value] of Object.entries(plainObject(node.value, place)))
          setTag(document, key, value)
        return true
      }
      const number = scoreFields.get(name)
      const scores = number === undefined ? undefined : readScores(node.value)
      if (number === undefined || scores === undefined) return false
      own.set(number, scores)
      return true
    }
    default:
      return false
  }
}

/** A Document has one of text, tensor and blob, and one `uri`: the first that comes. */
function setFree(document: Document, number: number, value: unknown): boolean {
  const own = document[record]
  if (number === field.text || number === field.tensor || number === field.blob) {
    if (own.contentField() !== 0) return false
    own.setContent(number, value)
    return true
  }
  if (own.get(number) !== undefined) return false
  own.set(number, value)
  return true
}

function readOther(document: Document, { name, node, place }: Field): void {
  switch (node.kind) {
    case 'ndarray':
      return hold(document, 'tensor', name, new Document({ id: name, tensor: node.value }))
    case 'blob':
      return hold(document, 'blob', name, new Document({ id: name, blob: node.value }))
    case 'doc':
      return hold(document, 'document', name, readDocument(node.value, place, true))
    case 'doc_array': {
      const documents = readDocuments(node.value, place)
      return hold(document, 'list', name, new Document({ id: name, chunks: documents }))
    }
    default: {
      const documents = documentsIn(node)
      if (documents === undefined) return setTag(document, name, plainOf(node, place))
      hold(document, 'list', name, new Document({ id: name, chunks: readDocuments(documents, place) }))
    }
  }
}

/** The documents of a list of them that is no DocList. */
function documentsIn(node: Node): Nodes[] | undefined {
  if (node.kind !== 'list' || node.value.length === 0) return undefined
  const documents = node.value.flatMap((item) => (item.kind === 'doc' ? [item.value] : []))
  return documents.length === node.value.length ? documents : undefined
}

function hold(document: Document, kind: PartKind, name: string, part: Document): void {
  part.modality = modalityOf(name, kind)
  document.chunks.push(part)
}

function setTag(document: Document, name: string, value: unknown): void {
  if (Object.hasOwn(document.tags, name))
    throw new MillraceError(
      'UNSUPPORTED',
      `A document of DocArray v2 has both a field '${name}' and an entry '${name}' of its dict 'tags', which are one entry of ` +
        "a Document's tags. Rename one of them, or type the endpoint with doc().",
    )
  setOwn(document.tags, name, value)
}

/** Scores as numbers, or as objects with a `value`; undefined if they are anything else. */
function readScores(nodes: Nodes): Scores | undefined {
  const scores: Scores = {}
  for (const [name, node] of nodes) {
    const score = readScore(node)
    if (score === undefined) return undefined
    setOwn(scores, name, score)
  }
  return scores
}

function readScore(node: Node): NamedScore | undefined {
  if (node.kind === 'float' || node.kind === 'integer') return { value: node.value }
  if (node.kind !== 'dict') return undefined
  const score: NamedScore = { value: Number.NaN }
  for (const [name, inner] of node.value) {
    const key = scoreTexts.get(name)
    if (name === 'value' && (inner.kind === 'float' || inner.kind === 'integer')) score.value = inner.value
    else if (key !== undefined && inner.kind === 'text' && inner.value !== '') score[key] = inner.value
    else return undefined
  }
  return node.value.has('value') ? score : undefined
}

const scoreTexts: ReadonlyMap<string, 'opName' | 'description' | 'refId'> = new Map([
  ['op_name', 'opName'],
  ['description', 'description'],
  ['ref_id', 'refId'],
])
