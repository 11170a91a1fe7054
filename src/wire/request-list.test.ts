import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { DataRequestListProtoSchema } from '../../test/gen/docarray_v1/jina_pb.js'
import { Document, DocumentArray } from '../document/index.js'
import { DataRequest } from './data-request.js'
import { decodeRequestList, encodeRequestList } from './request-list.js'

/** The list that a Jina gateway sends to a join: each request with the route of the stage that answered it. */
function listOf(answers: Readonly<Record<string, readonly string[]>>): Uint8Array {
  const list = create(DataRequestListProtoSchema, {
    requests: Object.entries(answers).map(([from, ids]) => ({
      header: { requestId: 'r1', execEndpoint: '/join' },
      parameters: { from },
      routes: [{ executor: 'gateway' }, { executor: from }],
      data: { documents: { case: 'docs' as const, value: { docs: ids.map((id) => ({ id })) } } },
    })),
  })
  return toBinary(DataRequestListProtoSchema, list)
}

test('a list of requests becomes one request, with a part for each', () => {
  const request = decodeRequestList(listOf({ a: ['1', '2'], b: [], c: ['3'] }))
  expect(request).toMatchObject({ requestId: 'r1', endpoint: '/join' })
  expect(request.parameters).toEqual({ from: 'a' })
  expect(request.parts).toEqual([
    { from: 'a', count: 2 },
    { from: 'b', count: 0 },
    { from: 'c', count: 1 },
  ])
  expect([...request.docs].map(({ id }) => id)).toEqual(['1', '2', '3'])
})

test('a list of one request is that request', () => {
  const request = decodeRequestList(listOf({ a: ['1'] }))
  expect(request.parts).toBeUndefined()
  expect(request.routes.map(({ executor }) => executor)).toEqual(['gateway', 'a'])
})

test.each([
  ['no request', new Uint8Array(), /this list has none/],
  ['too many requests', new Uint8Array(2050).map((_, index) => (index % 2 === 0 ? 10 : 0)), /more than 1024/],
])('a list with %s is refused', (_, bytes, message) => {
  expect(() => decodeRequestList(bytes)).toThrow(message)
})

test('a request in parts is written as a list that protobuf-es reads, each part behind the route of its sender', () => {
  const request = DataRequest.create({
    endpoint: '/join',
    requestId: 'r1',
    parameters: { top_k: 3 },
    docs: new DocumentArray(['1', '2', '3'].map((id) => new Document({ id }))),
  })
  request.routes = [{ executor: 'gateway' }, { executor: 'a' }]
  request.parts = [
    { from: 'a', count: 1 },
    { from: 'b', count: 0 },
    { from: 'c', count: 2 },
  ]
  const { requests } = fromBinary(DataRequestListProtoSchema, encodeRequestList(request))
  const told = requests.map(({ header, parameters, routes, data }) => ({
    id: header?.requestId,
    parameters,
    routes: routes.map(({ executor }) => executor),
    docs: data?.documents.case === 'docs' ? data.documents.value.docs.map(({ id }) => id) : null,
  }))
  const common = { id: 'r1', parameters: { top_k: 3 } }
  expect(told).toEqual([
    { ...common, routes: ['gateway', 'a'], docs: ['1'] },
    { ...common, routes: ['gateway', 'a', 'b'], docs: [] },
    { ...common, routes: ['gateway', 'a', 'c'], docs: ['2', '3'] },
  ])
  expect(decodeRequestList(encodeRequestList(request)).parts).toEqual(request.parts)
})
