import { describe, expect, test } from 'vitest'
import { Document, DocumentArray } from '../document/index.js'
import { DataRequest } from './data-request.js'
import { checkRequest, type RequestLimits } from './request-limits.js'

const limits: RequestLimits = { parameterBytes: 1_000, parameterValues: 10, parameterDepth: 4, documents: 3 }

/** A request as received from a client. */
function requestOf(documents: number, parameters: Record<string, unknown> = {}): DataRequest {
  const docs = new DocumentArray(Array.from({ length: documents }, () => new Document({ id: '', text: 'x' })))
  return DataRequest.decode(DataRequest.create({ endpoint: '/x', docs, parameters }).encode())
}

describe('the limits of a request', () => {
  test('allow a request that just reaches them', () => {
    expect(() => checkRequest(requestOf(3, { a: { b: 1 } }), limits)).not.toThrow()
    expect(() => checkRequest(DataRequest.create({ endpoint: '/x' }), limits)).not.toThrow()
  })

  test('refuse too many documents', () => {
    expect(() => checkRequest(requestOf(4), limits)).toThrow(
      expect.objectContaining({
        code: 'INVALID_INPUT',
        message: expect.stringMatching(/more than the 3 documents .*requestLimits\.documents/),
      }),
    )
  })

  test('refuse a list of very many unknown fields like one of documents', () => {
    const list = new Uint8Array(20).fill(72)
    const request = DataRequest.create({ endpoint: '/x' }).withList([list])
    expect(() => checkRequest(request, limits)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })

  test('refuse parameters that exceed them', () => {
    const large = requestOf(1, { list: Array.from({ length: 10 }, () => 1) })
    expect(() => checkRequest(large, limits)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining('parameterValues') }),
    )
  })
})
