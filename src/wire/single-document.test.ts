import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { describe, expect, test } from 'vitest'
import { SingleDocumentRequestProtoSchema } from '../../test/gen/docarray_v1/jina_pb.js'
import { Document, DocumentArray } from '../document/index.js'
import { DataRequest } from './data-request.js'

const sample = create(SingleDocumentRequestProtoSchema, {
  header: { requestId: 'a1', execEndpoint: '/talk' },
  parameters: { top_k: 3 },
  document: { id: 'd1', content: { case: 'text', value: 'hi' } },
})
const bytes = toBinary(SingleDocumentRequestProtoSchema, sample)

const encoded = (request: DataRequest): Uint8Array => Buffer.concat(request.encodeSingleDocument())
const decoded = (request: DataRequest) => fromBinary(SingleDocumentRequestProtoSchema, encoded(request))

describe('a SingleDocumentRequest', () => {
  test('is a request of one document', () => {
    const request = DataRequest.fromSingleDocument(bytes)
    expect(request).toMatchObject({ requestId: 'a1', endpoint: '/talk', targetExecutor: '' })
    expect(request.parameters).toEqual({ top_k: 3 })
    expect(request.docs.texts).toEqual(['hi'])
  })

  test('that was not accessed is sent byte for byte, also after it was a DataRequest', () => {
    const request = DataRequest.fromSingleDocument(bytes)
    expect(Buffer.compare(encoded(request), bytes)).toBe(0)
    expect(Buffer.compare(encoded(DataRequest.decode(request.encode())), bytes)).toBe(0)
  })

  test('with a changed document and status is what protobuf-es reads', () => {
    const request = DataRequest.fromSingleDocument(bytes)
    request.docs.at(0)!.text = 'ho'
    request.status = { code: 'ERROR', description: 'no' }
    expect(decoded(request)).toMatchObject({
      header: { requestId: 'a1', status: { code: 1 } },
      document: { id: 'd1', content: { case: 'text', value: 'ho' } },
    })
  })

  test('gets the document of an answer and leaves the request as it was', () => {
    const request = DataRequest.fromSingleDocument(bytes)
    const answer = request.answer()
    answer.docs = new DocumentArray([new Document({ id: 'd2' })])
    expect(decoded(request)).toEqual(sample)
    expect(decoded(answer).document?.id).toBe('d2')
  })

  test('without a document is a request of an empty one, and an answer without documents has none', () => {
    const empty = create(SingleDocumentRequestProtoSchema, { header: { requestId: 'a1' } })
    const request = DataRequest.fromSingleDocument(toBinary(SingleDocumentRequestProtoSchema, empty))
    expect(request.docs).toHaveLength(1)
    expect(decoded(request.withList([]))).toEqual(empty)
  })
})
