import { readFileSync } from 'node:fs'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { DataRequestProtoSchema, type DataRequestProto } from '../../test/gen/docarray_v2/jina_pb.js'
import { callOf } from '../call/call.suite.js'
import { Document, DocumentArray, NdArray } from '../document/index.js'
import { doc, type DocList, tensor } from '../document/typed/index.js'
import { DataRequest } from '../wire/data-request.js'
import { versionOf } from '../wire/version.js'
import { errorFromStatus } from '../wire/error-status.js'
import { constructWith } from './construction.js'
import { endpointsOf } from './endpoints.js'
import { Executor, type ExecutorClass } from './executor.js'
import { loggerOf, requestOf } from './fixtures.suite.js'
import { invoke, type Target } from './invoke.js'
import { requests } from './requests.js'

const { messages } = JSON.parse(
  readFileSync(new URL('../../test/fixtures/docarray-v2.json', import.meta.url), 'utf8'),
) as { messages: Record<string, string> }
const recorded = (name: string): Buffer => Buffer.from(messages[name]!, 'base64')

const Text = doc({ text: z.string() })
const Encoded = doc({ text: z.string(), embedding: tensor('float32', [2]) })

function targetOf(Class: ExecutorClass): Target {
  const endpoints = endpointsOf(Class)
  const metas = { name: 'Subject', description: '', workspace: '' }
  const runtimeArgs = { ...new Executor().runtimeArgs }
  const construction = { metas, runtimeArgs, requests: endpoints, logger: loggerOf([]), holder: null }
  const executor = constructWith(construction, () => new Class())
  return { executor, endpoint: endpoints.get('/x')!, podName: 'exec/rep-0', deployment: 'exec' }
}

const run = (Class: ExecutorClass, request: DataRequest): Promise<DataRequest> =>
  invoke(targetOf(Class), request, callOf())

/** As a peer with DocArray v2 reads it. */
const asV2 = (answer: DataRequest): DataRequestProto =>
  fromBinary(DataRequestProtoSchema, Uint8Array.from(answer.encode()))

function docsOf(answer: DataRequest) {
  const { documents } = asV2(answer).data!
  if (documents.case !== 'docs') throw new Error('no docs')
  return documents.value.docs.map(({ data }) => data)
}

class Encoder extends Executor {
  @requests({ on: '/x', input: Text, output: Encoded })
  encode(docs: DocList<typeof Text>): DocList<typeof Encoded> {
    return docs.to(Encoded, ({ text }) => ({ embedding: [text.length, 0.5] }))
  }
}

class Upper extends Executor {
  @requests('/x')
  upper(docs: DocumentArray): void {
    for (const one of docs) one.text = one.text.toUpperCase()
  }
}

class Making extends Executor {
  @requests('/x')
  make(): DocumentArray {
    return new DocumentArray([{ id: 'made', text: 'here' }])
  }
}

test('an endpoint without types answers v2 in v2', async () => {
  const answer = await run(Upper, DataRequest.decode(recorded('text')))
  expect(docsOf(answer).map(({ text }) => text?.content.value)).toEqual(['HELLO', 'GRÜSSE 你好'])
  expect(versionOf(answer)).toBe('v2')
})

test('a typed endpoint answers v2 in v2, and v1 in v1', async () => {
  const [first] = docsOf(await run(Encoder, DataRequest.decode(recorded('text'))))
  expect(first).toMatchObject({
    id: { content: { value: '1' }, docarrayType: { value: 'id' } },
    text: { content: { case: 'text', value: 'hello' } },
    embedding: { content: { case: 'ndarray', value: { dense: { shape: [2], dtype: '<f4' } } } },
  })
  const answer = await run(Encoder, requestOf('/x', { texts: ['abc'] }))
  expect(versionOf(DataRequest.decode(answer.encode()))).toBe('v1')
  expect((answer.docs.at(0)!.embedding as NdArray).data).toEqual(Float32Array.of(3, 0.5))
})

test('a request without documents is answered in v2 if it says so, and in v1 otherwise', async () => {
  const asked = DataRequest.decode(recorded('empty'))
  expect(versionOf(DataRequest.decode((await run(Making, asked)).encode()))).toBe('v1')
  asked.saysV2 = true
  const answer = await run(Making, DataRequest.decode(asked.encode()))
  expect(docsOf(answer)).toMatchObject([{ id: { content: { value: 'made' } } }])
})

test('a stage that empties the list does not change the format for the stages after it', async () => {
  class Emptying extends Executor {
    @requests('/x')
    empty(): DocumentArray {
      return new DocumentArray()
    }
  }
  const emptied = await run(Emptying, DataRequest.decode(recorded('text')))
  const answer = await run(Making, DataRequest.decode(emptied.encode()))
  expect(docsOf(answer)).toMatchObject([{ id: { content: { value: 'made' } } }])
})

test('what has no counterpart is refused, with the field and both formats', async () => {
  const blob = { content: { case: 'blob' as const, value: Uint8Array.of(1) } }
  const extra = { content: { case: 'dict' as const, value: { data: { raw: blob } } } }
  const bytes = toBinary(
    DataRequestProtoSchema,
    create(DataRequestProtoSchema, {
      header: { requestId: 'a', execEndpoint: '/x' },
      data: { documents: { case: 'docs', value: { docs: [{ data: { extra, id: {} } }] } } },
    }),
  )
  const answer = await run(Upper, DataRequest.decode(bytes))
  const error = errorFromStatus(answer.status!)
  expect(error.message).toMatch(
    /data\[0\]\.extra\.raw: a value of bytes of DocArray v2 .* no counterpart in a Document/,
  )
})

test('what an Executor makes and v2 cannot hold is its fault', async () => {
  class Deep extends Executor {
    @requests('/x')
    make(): DocumentArray {
      const loop: Record<string, unknown> = {}
      loop['loop'] = loop
      return new DocumentArray([new Document({ tags: loop })])
    }
  }
  const answer = await run(Deep, DataRequest.decode(recorded('text')))
  expect(answer.status).toMatchObject({ code: 'ERROR' })
  expect(errorFromStatus(answer.status!)).toMatchObject({ code: 'INVALID_RESULT' })
})
