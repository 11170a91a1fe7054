import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DocumentArrayProtoSchema, DocumentProtoSchema } from '../../test/gen/docarray_v1/docarray_pb.js'
import { anyDocument, plain } from './arbitraries.suite.js'
import { Document, DocumentArray, NdArray } from './index.js'

/** Not every encoder writes a 0. */
function withZeros(document: Record<string, unknown>): Record<string, unknown> {
  const family = (key: string): unknown[] => (document[key] as Record<string, unknown>[]).map(withZeros)
  const { weight, offset } = document
  return {
    ...document,
    weight: weight ?? 0,
    offset: offset ?? 0,
    chunks: family('chunks'),
    matches: family('matches'),
  }
}

describe('against code generated from docarray.proto', () => {
  it('writes what it reads, field by field', () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        const message = fromBinary(DocumentProtoSchema, document.toProtobuf())
        expect(message.$unknown ?? []).toEqual([])
        expect([message.id, message.uri, message.parentId, message.modality]).toEqual([
          document.id,
          document.uri,
          document.parentId,
          document.modality,
        ])
        expect([message.granularity, message.adjacency, message.weight, message.offset]).toEqual([
          document.granularity,
          document.adjacency,
          document.weight ?? 0,
          document.offset ?? 0,
        ])
        expect(message.content.case).toBe(document.contentType)
        expect([...message.location]).toEqual(document.location)
        expect([message.chunks.length, message.matches.length]).toEqual([
          document.chunks.length,
          document.matches.length,
        ])
        expect(
          Object.entries(message.scores)
            .map(([name, { value }]) => [name, value])
            .sort(),
        ).toEqual(
          Object.entries(document.scores)
            .map(([name, { value }]) => [name, value])
            .sort(),
        )
      }),
    )
  })

  it('reads what it writes', () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        // as protobuf-es orders fields and packs numbers
        const bytes = toBinary(DocumentProtoSchema, fromBinary(DocumentProtoSchema, document.toProtobuf()))
        expect(withZeros(plain(Document.fromProtobuf(bytes)))).toEqual(withZeros(plain(document)))
      }),
    )
  })

  it('reads arrays of Documents', () => {
    const message = create(DocumentArrayProtoSchema, {
      docs: [
        { id: 'a', content: { case: 'text', value: 'x' } },
        {
          id: 'b',
          embedding: {
            content: {
              case: 'dense',
              value: { buffer: new Uint8Array(Float32Array.of(1, 2).buffer), shape: [2], dtype: '<f4' },
            },
            clsName: 'numpy',
          },
        },
      ],
    })
    const docs = DocumentArray.fromProtobuf(toBinary(DocumentArrayProtoSchema, message))
    expect([docs.length, docs.at(0)!.text]).toEqual([2, 'x'])
    expect((docs.at(1)!.embedding as NdArray).toList()).toEqual([1, 2])
  })
})
