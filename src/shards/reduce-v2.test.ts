import { expect, test } from 'vitest'
import { Scope } from '../call/scope.js'
import { Document, DocumentArray } from '../document/index.js'
import { DataRequest } from '../wire/data-request.js'
import { listOfV2, type Plain, plainDocs } from '../wire/lists/v2/fixture.suite.js'
import { versionOf } from '../wire/version.js'
import { type Answers, onDocuments, reducingWith, type ReduceFunction } from './reduce.js'

const call = new Scope(Number.POSITIVE_INFINITY, {})

function given(...lists: readonly (readonly Plain[])[]): Answers {
  const request = DataRequest.create({ endpoint: '/x' })
  request.saysV2 = true
  const answers = lists.map((docs) => request.withList([listOfV2(...docs)]))
  return { request, call, answers, from: lists.map((_, at) => `shard-${at}`) }
}

const reduced = async (reduce: ReduceFunction, answers: Answers): Promise<DataRequest> =>
  reducingWith(onDocuments(reduce))(answers)

test('a reduce function gets documents of v2 as Documents, and answers in v2', async () => {
  const answer = await reduced(
    ([left, right]) => {
      for (const document of right!) document.tags = { ...document.tags, seen: document.text }
      return new DocumentArray([...left!, ...right!])
    },
    given([{ id: 'a', title: 'A' }], [{ id: 'b', text: 'B', title: 'x' }]),
  )
  expect(plainDocs(answer.list!)).toEqual([
    { id: 'a', title: 'A' },
    { id: 'b', text: 'B', title: 'x', tags: { seen: 'B' } },
  ])
})

test('what it makes of empty answers is in the format that was asked', async () => {
  const answer = await reduced(
    () => new DocumentArray([new Document({ id: 'a', text: 'made' })]),
    given([], []),
  )
  expect(versionOf(answer)).toBe('v2')
  expect(plainDocs(answer.list!)).toEqual([{ id: 'a', text: 'made' }])
})

test('what another copy of the package made is written in v2', async () => {
  const foreign = { toProtobuf: () => new DocumentArray([{ id: 'a', tags: { n: 1 } }]).toProtobuf() }
  const answer = await reduced(() => foreign as unknown as DocumentArray, given([{ id: 'b', text: '' }], []))
  expect(plainDocs(answer.list!)).toEqual([{ id: 'a', tags: { n: 1 } }])
})

test('what cannot be read as a Document names the shard and the field', async () => {
  await expect(
    reduced(
      ([one]) => one!,
      given([{ id: 'a', text: '' }], [{ id: 'a', extra: { raw: new Set() }, tags: { extra: 1 } }]),
    ),
  ).rejects.toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining("'extra'") as unknown })
})
