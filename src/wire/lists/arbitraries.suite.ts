import * as fc from 'fast-check'
import { documentInit } from '../../document/arbitraries.suite.js'
import { Document, DocumentArray, type DocumentInit } from '../../document/index.js'
import { Writer } from '../../lib/protobuf/writer.js'

/** Random lists whose Documents often share ids, for the property tests of this folder. */

export const id: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'é')

/** Fields with empty values, and unknown fields. */
const quirk = fc.constantFrom<(writer: Writer) => void>(
  (writer) => writer.string(4, ''),
  (writer) => writer.float(8, 0),
  (writer) => writer.float(12, -0),
  (writer) => writer.uint32(6, 0),
  (writer) => writer.string(9, ''),
  (writer) => writer.raw(Uint8Array.of(138, 1, 0)),
  (writer) => writer.string(100, 'unknown'),
  (writer) => writer.uint32(9, 7),
)

const bare = fc.tuple(documentInit, id, fc.array(quirk, { maxLength: 2 }), fc.boolean())

/** A Document of `levels` levels, in bytes; ids are unique among siblings. */
export function anyDocument(levels: number): fc.Arbitrary<Uint8Array> {
  const family = levels === 0 ? fc.constant([]) : familyOf(levels - 1)
  return fc.tuple(bare, family, family).map(([[init, ownId, quirks, isAstray], chunks, matches]) => {
    const document = new Document({ ...(init as DocumentInit), id: ownId, chunks: [], matches: [] })
    const own = document.toProtobuf()
    const writer = new Writer()
    for (const write of quirks) write(writer)
    writer.raw(own)
    for (const bytes of chunks) writer.bytes(14, isAstray ? bytes : pushed(document, 'chunks', bytes))
    for (const bytes of matches) writer.bytes(15, isAstray ? bytes : pushed(document, 'matches', bytes))
    return writer.finish()
  })
}

function familyOf(levels: number): fc.Arbitrary<Uint8Array[]> {
  return fc.uniqueArray(anyDocument(levels), {
    maxLength: 3,
    selector: (bytes) => Document.fromProtobuf(bytes).id,
  })
}

function pushed(parent: Document, family: 'chunks' | 'matches', bytes: Uint8Array): Uint8Array {
  const child = Document.fromProtobuf(bytes)
  parent[family].push(child)
  return child.toProtobuf()
}

/** The bytes of a DocumentArrayProto. */
export function listOf(documents: Iterable<Uint8Array>): Uint8Array {
  const writer = new Writer()
  for (const document of documents) writer.bytes(1, document)
  return writer.finish()
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]))
}

export function documentsIn(pieces: readonly Uint8Array[]): DocumentArray {
  return DocumentArray.fromProtobuf(joined(pieces))
}

export function idsIn(pieces: readonly Uint8Array[]): string[] {
  return Array.from(documentsIn(pieces), (document) => document.id)
}

/** Lists, lists with one other byte, and bytes that are none. */
export const anyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc
    .tuple(fc.array(anyDocument(1), { maxLength: 2 }).map(listOf), fc.nat(), fc.nat({ max: 255 }))
    .map(([good, at, byte]) => {
      const broken = good.slice()
      if (broken.length > 0) broken[at % broken.length] = byte
      return broken
    }),
)
