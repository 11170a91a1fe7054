import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { describe, expect, test } from 'vitest'
import { Document } from '../document/index.js'
import { SingleDocumentRequestProtoSchema } from '../../test/gen/docarray_v1/jina_pb.js'
import { SingleDocumentRequest } from './single-document-request.js'

const sample = create(SingleDocumentRequestProtoSchema, {
  header: { requestId: 'a1', execEndpoint: '/talk' },
  parameters: { top_k: 3 },
  document: { id: 'd1', content: { case: 'text', value: 'hi' } },
})
const bytes = toBinary(SingleDocumentRequestProtoSchema, sample)

describe('SingleDocumentRequest', () => {
  test('has the parts of the message', () => {
    const request = SingleDocumentRequest.decode(bytes)
    expect(request).toMatchObject({
      requestId: 'a1',
      endpoint: '/talk',
      targetExecutor: '',
      parameters: { top_k: 3 },
    })
    expect(request.document.text).toBe('hi')
  })

  test('that was not accessed is encoded byte for byte', () => {
    expect(Buffer.compare(SingleDocumentRequest.decode(bytes).encode(), bytes)).toBe(0)
  })

  test('with a changed document and status is what protobuf-es reads', () => {
    const request = SingleDocumentRequest.decode(bytes)
    request.document.text = 'ho'
    request.status = { code: 'ERROR', description: 'no' }
    expect(fromBinary(SingleDocumentRequestProtoSchema, request.encode())).toMatchObject({
      header: { requestId: 'a1', status: { code: 1 } },
      document: { id: 'd1', content: { case: 'text', value: 'ho' } },
    })
    expect(Buffer.compare(Buffer.concat(request.encodeParts()), request.encode())).toBe(0)
    expect(request.byteLength).toBe(request.encode().length)
  })

  test('an answer gets its own document and leaves the request as it was', () => {
    const request = SingleDocumentRequest.decode(bytes)
    const answer = request.answer()
    answer.document = new Document({ id: 'd2' })
    expect(fromBinary(SingleDocumentRequestProtoSchema, request.encode())).toEqual(sample)
    expect(fromBinary(SingleDocumentRequestProtoSchema, answer.encode()).document?.id).toBe('d2')
  })

  test('a request without a document can be given one', () => {
    const request = SingleDocumentRequest.create({ endpoint: '/talk' })
    request.document.text = 'new'
    expect(fromBinary(SingleDocumentRequestProtoSchema, request.encode()).document?.content.value).toBe('new')
  })
})
