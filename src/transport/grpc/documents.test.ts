import { create, toBinary } from '@bufbuild/protobuf'
import { afterEach, expect, test } from 'vitest'
import { DocListProtoSchema } from '../../../test/gen/docarray_v2/docarray_pb.js'
import { callOf, Items } from '../../call/call.suite.js'
import { Document, DocumentArray } from '../../document/index.js'
import { decodeDocList, readDocuments, writeDocList } from '../../document/v2/index.js'
import { DataRequest } from '../../wire/data-request.js'
import { encodeDescription } from '../../wire/description.js'
import { encodeInfo } from '../../wire/info.js'
import { versionOf } from '../../wire/version.js'
import { dial } from '../index.js'
import type { Channel, DialOptions } from '../transport.js'
import { type FakePeerOptions, startFakePeer } from './fake-peer.suite.js'

const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

async function connect(options: FakePeerOptions, dialOptions: DialOptions = {}): Promise<Channel> {
  const peer = await startFakePeer(options)
  const channel = await dial({ kind: 'grpc', host: '127.0.0.1', port: peer.port, tls: false }, dialOptions)
  cleanups.push(() => channel.close(), peer.close)
  return channel
}

const documents = (...texts: string[]) =>
  new DocumentArray(texts.map((text) => new Document({ id: text, text })))
const request = (docs = documents('a', 'b')) => DataRequest.create({ endpoint: '/foo', docs }).copy()
const encoded = (docs = documents('a', 'b')) => DataRequest.decode(request(docs).encode())
const ofV2 = (docs = documents('a', 'b')) => request().withList([writeDocList(docs)])
const textsOf = (given: DataRequest) =>
  (versionOf(given) === 'v2'
    ? readDocuments(decodeDocList(given.list!), 'data')
    : DocumentArray.fromProtobuf(given.list!)
  ).texts

/** A peer with this release of DocArray: it notes what it gets, and answers with what `answer` makes of that. */
function jina(docarray: string, answer: (given: DataRequest) => DataRequest = (given) => given.answer()) {
  const got: DataRequest[] = []
  const asked: string[] = []
  const options: FakePeerOptions = {
    status() {
      asked.push('status')
      return encodeInfo({ jina: { docarray }, envs: {} })
    },
    onSingle(given) {
      got.push(DataRequest.decode(given.encode()))
      return answer(given)
    },
  }
  return { options, got, asked }
}

test.each([
  ['0.21.0', 'v1', 'v1', encoded],
  ['0.21.0', 'v1', 'v2', ofV2],
  ['0.40.1', 'v2', 'v1', encoded],
  ['0.40.1', 'v2', 'v2', ofV2],
  ['1.0.0', 'v2', 'v1', encoded],
] as const)(
  'a peer with DocArray %s gets %s, and a caller with %s its own format',
  async (release, there, here, make) => {
    const { options, got } = jina(release)
    const channel = await connect(options)
    const answer = await channel.handle(make(), callOf())
    expect([versionOf(got[0]!), textsOf(got[0]!)]).toEqual([there, ['a', 'b']])
    expect([versionOf(answer), textsOf(answer)]).toEqual([here, ['a', 'b']])
  },
)

test('documents of the format of the peer pass as the bytes that they were', async () => {
  const { options, got } = jina('0.40.1')
  const channel = await connect(options)
  const list = Buffer.from(writeDocList(documents('a')))
  const answer = await channel.handle(request().withList([list]), callOf())
  expect(Buffer.from(got[0]!.list!)).toEqual(list)
  expect(Buffer.from(answer.list!)).toEqual(list)
})

test('the first requests wait for one answer that says what the peer speaks', async () => {
  const { options, got, asked } = jina('0.40.1')
  const channel = await connect(options)
  await Promise.all([1, 2, 3].map(() => channel.handle(encoded(), callOf())))
  expect(got.map(versionOf)).toEqual(['v2', 'v2', 'v2'])
  expect(asked).toEqual(['status'])
})

test('a request that is aborted while it waits is rejected with the reason', async () => {
  const { options } = jina('0.40.1')
  const channel = await connect(options)
  const call = callOf()
  const answer = channel.handle(encoded(), call)
  call.abort(new Error('enough') as never)
  await expect(answer).rejects.toThrow('enough')
})

test('what the user says counts more than what the peer says', async () => {
  const { options, got } = jina('0.40.1')
  const channel = await connect(options, { docarray: 'v1' })
  const answer = await channel.handle(ofV2(), callOf())
  expect([versionOf(got[0]!), versionOf(answer)]).toEqual(['v1', 'v2'])
})

test('a peer that does not say it gets what came', async () => {
  const { options, got } = jina('')
  const channel = await connect(options)
  for (const given of [encoded(), ofV2()]) await channel.handle(given, callOf())
  expect(got.map(versionOf)).toEqual(['v1', 'v2'])
})

test('a pod of Millrace, which speaks both, is not asked for its release', async () => {
  const { options, got, asked } = jina('0.40.1')
  const identity = { flow: null, stage: 'a', part: null, instance: 'x' }
  const unknown = { endpoints: [], writeEndpoints: [], streamEndpoints: [], schemas: {} }
  const channel = await connect({ ...options, describe: () => encodeDescription({ ...unknown, identity }) })
  await channel.handle(encoded(), callOf())
  expect([versionOf(got[0]!), asked]).toEqual(['v1', []])
})

test('entries of tags with the names of fields of the endpoint are fields there', async () => {
  const { options, got } = jina('0.40.1')
  const properties = { id: {}, title: { type: 'string' } }
  const schemas = { '/foo': { input: { properties }, output: {} } }
  const description = { endpoints: ['/foo'], writeEndpoints: [], streamEndpoints: [], schemas }
  const channel = await connect({ ...options, describe: () => encodeDescription(description) })
  const docs = new DocumentArray([new Document({ id: 'a', tags: { title: 't', more: 1 } })])
  const answer = await channel.handle(encoded(docs), callOf())
  const [nodes] = decodeDocList(got[0]!.list!)
  expect([...nodes!.keys()].toSorted()).toEqual(['id', 'tags', 'title'])
  expect(DocumentArray.fromProtobuf(answer.list!).at(0)!.tags).toEqual({ title: 't', more: 1 })
})

test('a value without a counterpart makes an answer with an error that names both formats, and nothing is sent', async () => {
  const { options, got } = jina('0.21.0')
  const channel = await connect(options)
  const array = { content: { case: 'ndarray' as const, value: { dense: { shape: [0], dtype: '<f4' } } } }
  const e = { content: { case: 'dict' as const, value: { data: { a: array } } } }
  const id = { content: { case: 'text' as const, value: 'x' } }
  const bad = toBinary(DocListProtoSchema, create(DocListProtoSchema, { docs: [{ data: { id, e } }] }))
  const answer = await channel.handle(request().withList([bad]), callOf())
  expect(answer.status).toMatchObject({
    code: 'ERROR',
    description: expect.stringMatching(
      /takes documents of DocArray v1, and these are of v2: data\[0]\.e\.a: an n-d array/,
    ) as unknown,
  })
  expect(got).toEqual([])
})

test('a failed answer has the documents of the request, in its format', async () => {
  const { options } = jina('0.40.1', (given) => {
    const answer = given.answer()
    answer.status = { code: 'ERROR', description: 'ValueError: no' }
    return answer
  })
  const channel = await connect(options)
  const answer = await channel.handle(encoded(), callOf())
  expect([answer.status?.description, versionOf(answer), textsOf(answer)]).toEqual([
    'ValueError: no',
    'v1',
    ['a', 'b'],
  ])
})

test.each([
  ['the client of the Flow', { sender: { patient: true, protocol: 'local' } }, 'v1'],
  ['a client that says so', { headers: { docarray: 'v1' } }, 'v1'],
  ['any other client', {}, 'v2'],
] as const)(
  'without documents in the request, %s gets those of the answer in the format it reads',
  async (_, more, format) => {
    const { options } = jina('0.40.1', (given) => given.answer().withList([writeDocList(documents('new'))]))
    const channel = await connect(options)
    const answer = await channel.handle(DataRequest.create({ endpoint: '/foo' }), callOf(more))
    expect([versionOf(answer), textsOf(answer)]).toEqual([format, ['new']])
  },
)

test('an answer without documents keeps the format that was asked', async () => {
  const { options } = jina('0.21.0', (given) => given.answer().withList([]))
  const channel = await connect(options)
  expect((await channel.handle(ofV2(), callOf())).saysV2).toBe(true)
})

test('documents of a stream are converted one by one', async () => {
  const { options } = jina('0.40.1')
  const seen: unknown[] = []
  const channel = await connect({
    ...options,
    async *onStreamDoc(given) {
      seen.push(versionOf(given))
      for (const text of ['x', 'y']) yield given.answer().withList([writeDocList(documents(text))])
    },
  })
  const items = new Items()
  const answer = await channel.handle(encoded(documents('a')), callOf({ items }))
  expect(seen).toEqual(['v2'])
  expect(items.all.map((item) => [versionOf(item), textsOf(item)])).toEqual([
    ['v1', ['x']],
    ['v1', ['y']],
  ])
  expect(answer.peekDocCount()).toBe(0)
})

test('the parts of a request are converted together and sent apart', async () => {
  const lists: unknown[] = []
  const { options } = jina('0.40.1')
  const channel = await connect(
    {
      ...options,
      onList(given) {
        lists.push([versionOf(given), given.parts?.map(({ count }) => count)])
        return given.answer()
      },
    },
    { sendsParts: true },
  )
  const given = encoded(documents('a', 'b', 'c'))
  given.parts = [
    { from: 'x', count: 1 },
    { from: 'y', count: 2 },
  ]
  const answer = await channel.handle(given, callOf())
  expect(lists).toEqual([['v2', [1, 2]]])
  expect([versionOf(answer), textsOf(answer)]).toEqual(['v1', ['a', 'b', 'c']])
})
