import { Slice, type Sliced } from '../../lib/slices.js'
import { Reader } from '../../lib/protobuf/reader.js'
import { Document } from '../document.js'
import { DocumentArray } from '../document-array.js'
import { field } from '../fields.js'
import { record } from '../record.js'
import type { Scores } from '../score.js'
import { setOwn } from '../struct.js'
import { numberFields, scoreFields } from './counterparts.js'
import { decodeDoc, type Node, type Nodes } from './node.js'
import { readDocument } from './read.js'
import { writeDocListFor } from './write.js'

// Lists of documents in the other format, for a peer that has only that one, and its answers back again.

/** Tag of a document in a list of either format. */
const docsTag = 10

/** Fields of a Document that v2 does not have. A list named `location` is an entry of `tags`, so it is not sent as one. */
const ownFields = [field.parentId, field.granularity, field.adjacency, field.location]

/**
 * What the documents of a request had that the other format does not have, by their ids: fields of v2 with their kinds and
 * names of types, or the places of Documents among others in v1.
 */
export interface Kept {
  readonly nodes: Map<string, Nodes>
  readonly own: Map<string, readonly unknown[]>
}

export function keepNothing(): Kept {
  return { nodes: new Map(), own: new Map() }
}

/**
 * A DocListProto as a DocumentArrayProto, in pieces. With `keep` the documents are remembered there; with `kept` Documents get
 * back what those of the same id had. Throws MALFORMED, and UNSUPPORTED for values without a counterpart, with their place.
 */
export function* listAsV1(
  list: Uint8Array,
  { keep, kept }: { readonly keep?: Kept; readonly kept?: Kept },
): Sliced<Uint8Array[]> {
  const slice = new Slice()
  const pieces: Uint8Array[] = []
  for (const bytes of documentsOf(list)) {
    if (slice.isFull(bytes.length)) yield
    const document = readDocument(decodeDoc(bytes), `data[${pieces.length}]`)
    if (keep !== undefined) eachDocument(document, (one) => keepNodes(keep, one))
    if (kept !== undefined) eachDocument(document, (one) => restoreOwn(kept, one))
    pieces.push(new DocumentArray([document]).toProtobuf())
  }
  return pieces
}

/**
 * A DocumentArrayProto as a DocListProto, in pieces. `fieldNames`: the fields of the peer's documents; entries of `tags` with these
 * names are fields. `keep` and `kept` as of `listAsV1`. Throws MALFORMED, and INVALID_INPUT for values that v2 cannot hold.
 */
export function* listAsV2(
  list: Uint8Array,
  {
    fieldNames = new Set(),
    keep,
    kept,
  }: { readonly fieldNames?: ReadonlySet<string>; readonly keep?: Kept; readonly kept?: Kept },
): Sliced<Uint8Array[]> {
  const slice = new Slice()
  const pieces: Uint8Array[] = []
  for (const bytes of documentsOf(list)) {
    if (slice.isFull(bytes.length)) yield
    const document = Document.fromProtobuf(bytes)
    if (keep !== undefined) eachDocument(document, (one) => keepOwn(keep, one))
    if (kept !== undefined) eachDocument(document, (one) => restoreNodes(kept, one))
    pieces.push(writeDocListFor(new DocumentArray([document]), fieldNames))
  }
  return pieces
}

function* documentsOf(list: Uint8Array): Generator<Uint8Array> {
  const reader = new Reader(list)
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === docsTag) yield reader.bytes()
    else reader.skip(tag)
  }
}

/** Calls `visit` with a Document and all those in it. */
function eachDocument(document: Document, visit: (document: Document) => void): void {
  visit(document)
  const own = document[record]
  if (!own.isEmpty(field.chunks)) for (const chunk of document.chunks) eachDocument(chunk, visit)
  if (!own.isEmpty(field.matches)) for (const match of document.matches) eachDocument(match, visit)
}

/** Its id; '' without one, where `document.id` would make one. */
function idOf(document: Document): string {
  return (document[record].get(field.id) ?? '') as string
}

function keepNodes({ nodes }: Kept, document: Document): void {
  const { nodes: came } = document[record]
  if (came !== undefined) nodes.set(idOf(document), came)
}

function restoreNodes({ nodes }: Kept, document: Document): void {
  const own = document[record]
  const came = nodes.get(idOf(document))
  own.nodes = came
  if (came === undefined) return
  for (const [name, number] of numberFields) {
    const value = own.get(number)
    if (typeof value === 'number') own.set(number, unrounded(value, came.get(name)))
  }
  for (const [name, number] of scoreFields) {
    const dict = came.get(name)
    if (dict?.kind !== 'dict' || own.isEmpty(number)) continue
    const scores: Scores = {}
    for (const [key, score] of Object.entries(own.get(number) as Scores)) {
      const node = dict.value.get(key)
      const value = unrounded(score.value, node?.kind === 'dict' ? node.value.get('value') : node)
      setOwn(scores, key, { ...score, value })
    }
    own.set(number, scores)
  }
}

/** Numbers in fields of v1 have 32 bits: one that is what came, rounded to these, is what came. */
function unrounded(value: number, node: Node | undefined): number {
  const isNumber = node?.kind === 'float' || node?.kind === 'integer'
  return isNumber && Object.is(Math.fround(node.value), value) ? node.value : value
}

function keepOwn({ own }: Kept, document: Document): void {
  const values = ownFields.map((number) => document[record].get(number))
  if (values.every((value) => value === undefined)) return
  own.set(idOf(document), values)
  if (!document[record].isEmpty(field.location)) document[record].set(field.location, [])
}

function restoreOwn({ own }: Kept, document: Document): void {
  for (const [index, value] of (own.get(idOf(document)) ?? []).entries())
    if (value !== undefined) document[record].set(ownFields[index]!, value)
}
