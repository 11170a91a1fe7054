import { expect, test } from 'vitest'
import { listOfV2, plainDocs } from '../lists/v2/fixture.suite.js'
import { DataRequest } from '../data-request.js'
import { versionOf } from '../version.js'
import { convert } from './convert.js'
import { answerText } from './encode-answer.js'

const encoder = new TextEncoder()

function read(body: unknown, isV2 = true): DataRequest {
  const text = encoder.encode(JSON.stringify(body))
  return DataRequest.decode(
    convert({ kind: 'read', body: text, endpoint: '/x', requestId: 'r', query: null, isV2 }),
  )
}

test.each([
  ['a list', [{ id: 'a', title: 'A' }]],
  ['docs', { docs: [{ id: 'a', title: 'A' }] }],
  ['one document', { id: 'a', title: 'A' }],
])('the documents of a body are of v2 if the client says so: %s', (_, data) => {
  const request = read({ data, parameters: { n: 1 } })
  expect([versionOf(request), request.saysV2, request.requestId]).toEqual(['v2', true, 'r'])
  expect(plainDocs(request.list!)).toEqual([{ id: 'a', title: 'A' }])
  expect(versionOf(read({ data }, false))).toBe('v1')
})

test('a request without documents says that it is of v2', () => {
  expect(versionOf(read({}))).toBe('v2')
  expect(versionOf(read({ data: null }))).toBe('v2')
})

test('answers have the form of their documents, in both envelopes and in streams', () => {
  const request = read({ data: [] })
  const answer = request.withList([listOfV2({ id: 'a', title: 'A' }, { id: 'b', rating: 1 })])
  const { data } = JSON.parse(answerText(answer)) as { data: unknown }
  expect(data).toEqual([
    { id: 'a', title: 'A' },
    { id: 'b', rating: 1 },
  ])
  expect(answerText(answer)).toContain('"rating":1.0')
  const one = convert({ kind: 'document', answer: answer.encode() })
  expect(JSON.parse(new TextDecoder().decode(one))).toEqual({ id: 'a', title: 'A' })
})

test('what is wrong has its place in the body', () => {
  expect(() => read({ data: [{ id: 'a' }, { id: 'b', chunks: [{ id: 1 }] }] })).toThrow(
    expect.objectContaining({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/^data\[1\]\.chunks\[0\]\.id: /),
    }),
  )
  expect(() => read({ data: { docs: ['a'] } })).toThrow(/^data\.docs\[0\]: /)
})
