import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Document, DocumentArray, NdArray } from '../document/index.js'
import { dataRequest, garbage, jsonObject } from './arbitraries.suite.js'
import { DataRequest } from './data-request.js'
import {
  type DataRequestProto,
  DataRequestProtoSchema,
  DataRequestProtoWoDataSchema,
} from '../../test/gen/docarray_v1/jina_pb.js'

const toBytes = (message: DataRequestProto): Uint8Array => toBinary(DataRequestProtoSchema, message)
const parse = (bytes: Uint8Array): DataRequestProto =>
  // a plain array, since bytes fields are slices of it and toEqual tells a Buffer from a Uint8Array
  fromBinary(DataRequestProtoSchema, new Uint8Array(bytes))

const sample = create(DataRequestProtoSchema, {
  header: {
    requestId: 'a1',
    execEndpoint: '/index',
    targetExecutor: 'exec.*',
    timeout: 7,
    status: { code: 0, description: 'ok' },
  },
  parameters: { top_k: 3 },
  routes: [{ executor: 'gateway', startTime: { seconds: 5n, nanos: 123_456_789 } }],
  data: {
    documents: { case: 'docs', value: { docs: [{ id: 'd1', content: { case: 'text', value: 'hi' } }] } },
  },
})

/** Fields 9 (varint) and 12 (bytes), which this version does not define. */
const strange = Uint8Array.of(72, 1, 98, 2, 7, 7)

describe('a decoded request', () => {
  test('has the parts of the message', () => {
    const request = DataRequest.decode(toBytes(sample))
    expect(request).toMatchObject({
      requestId: 'a1',
      endpoint: '/index',
      targetExecutor: 'exec.*',
      timeout: 7,
      status: { code: 'SUCCESS', description: 'ok' },
      parameters: { top_k: 3 },
      routes: [{ executor: 'gateway', startTime: new Date(5123) }],
    })
    expect(request.docs.texts).toEqual(['hi'])
  })

  test('that was not accessed is encoded byte for byte, in a buffer of its own', () => {
    const bytes = toBytes(sample)
    const request = DataRequest.decode(bytes)
    expect([request.requestId, request.endpoint, request.status?.code, request.peekDocCount()]).toEqual([
      'a1',
      '/index',
      'SUCCESS',
      1,
    ])
    const encoded = request.encode()
    expect(Buffer.compare(encoded, bytes)).toBe(0)
    expect(encoded.buffer).not.toBe(bytes.buffer)
    expect(request.encodeParts()).toEqual([bytes])
    // a Buffer's slice() is a view
    const buffer = Buffer.from(bytes)
    expect(DataRequest.decode(buffer).encode().buffer).not.toBe(buffer.buffer)
  })

  test('without anything has empty values', () => {
    const request = DataRequest.decode(new Uint8Array())
    expect(request).toMatchObject({
      requestId: '',
      endpoint: '',
      targetExecutor: '',
      parameters: {},
      routes: [],
    })
    expect([request.status, request.timeout, request.data]).toEqual([undefined, undefined, undefined])
    expect(request.docs.length).toBe(0)
    expect(request.encode()).toHaveLength(0)
  })

  test('with a first document added sends it', () => {
    const request = DataRequest.decode(new Uint8Array())
    request.docs.push(new Document({ id: 'x' }))
    expect(parse(request.encode()).data?.documents).toMatchObject({ value: { docs: [{ id: 'x' }] } })
  })
})

describe('a request whose status was set', () => {
  test('differs in the status only', () => {
    const request = DataRequest.decode(toBytes(sample))
    request.status = { code: 'ERROR', description: 'no' }
    expect(parse(request.encode())).toEqual({
      ...sample,
      header: { ...sample.header, status: expect.objectContaining({ code: 1, description: 'no' }) },
    })
  })

  test('gives its data uncopied', () => {
    const bytes = toBytes(sample)
    const request = DataRequest.decode(bytes)
    request.status = { code: 'ERROR', description: 'no' }
    const parts = request.encodeParts()
    expect(parts.at(-1)?.buffer).toBe(bytes.buffer)
    expect(Buffer.compare(Buffer.concat(parts), request.encode())).toBe(0)
    expect(request.byteLength).toBe(request.encode().length)
  })
})

test('protobuf-es reads every part that was read or set', () => {
  fc.assert(
    fc.property(dataRequest, fc.subarray(['header', 'parameters', 'routes', 'docs']), (message, touched) => {
      const request = DataRequest.decode(toBytes(message))
      if (touched.includes('header')) request.endpoint = message.header?.execEndpoint ?? ''
      if (touched.includes('parameters')) expect(request.parameters).toEqual(message.parameters ?? {})
      if (touched.includes('routes'))
        expect(request.routes.map((route) => route.executor)).toEqual(
          message.routes.map((route) => route.executor),
        )
      if (touched.includes('docs')) expect(request.docs.length).toBe(request.peekDocCount())
      expect(withoutEmpty(parse(request.encode()))).toMatchObject(withoutEmpty(message))
      expect(Buffer.compare(Buffer.concat(request.encodeParts()), request.encode())).toBe(0)
    }),
  )
})

/** An empty endpoint or Struct and a missing one mean the same. */
function withoutEmpty(message: DataRequestProto): object {
  const { header, parameters } = message
  return {
    ...message,
    header: { ...header, execEndpoint: header?.execEndpoint ?? '' },
    parameters: parameters ?? {},
  }
}

test('a request made here is what protobuf-es reads', () => {
  fc.assert(
    fc.property(jsonObject, fc.array(fc.string({ unit: 'binary', minLength: 1 })), (parameters, texts) => {
      const docs = new DocumentArray(texts.map((text) => new Document({ text })))
      const request = DataRequest.create({ endpoint: '/x', docs, parameters, targetExecutor: 'exec' })
      const message = parse(request.encode())
      expect(message.header).toMatchObject({
        requestId: request.requestId,
        execEndpoint: '/x',
        targetExecutor: 'exec',
      })
      expect(message.parameters ?? {}).toEqual(parameters)
      expect(message.data?.documents).toMatchObject({
        case: 'docs',
        value: { docs: texts.map((value) => ({ content: { case: 'text', value } })) },
      })
    }),
  )
})

test('a request made here has an id of 32 hex characters unless it is given one', () => {
  expect(DataRequest.create({ endpoint: '/' }).requestId).toMatch(/^[0-9a-f]{32}$/)
  expect(DataRequest.create({ endpoint: '/', requestId: 'mine' }).requestId).toBe('mine')
})

describe('unknown fields', () => {
  test('of message and header survive changes of everything else', () => {
    const header = Buffer.concat([
      toBytes(create(DataRequestProtoSchema, { header: { requestId: 'a' } })).subarray(2),
      strange,
    ])
    const bytes = Buffer.concat([
      strange,
      Buffer.from([10, header.length]),
      header,
      toBytes(create(DataRequestProtoSchema, { data: sample.data! })),
      strange,
    ])
    const request = DataRequest.decode(bytes)
    request.status = { code: 'ERROR', description: 'no' }
    request.parameters['a'] = 1
    request.routes.push({ executor: 'b' })
    request.docs.push(new Document())
    const message = parse(request.encode())
    const expected = [
      { no: 9, wireType: 0, data: Uint8Array.of(1) },
      { no: 12, wireType: 2, data: Uint8Array.of(2, 7, 7) },
    ]
    expect(message.header?.$unknown?.map(plain)).toEqual(expected)
    expect(message.$unknown?.map(plain)).toEqual([...expected, ...expected])
    expect(message.data?.documents.value).toMatchObject({ docs: [{ id: 'd1' }, {}] })
  })

  test('of the data message survive reading the documents', () => {
    const bytes = Buffer.from([34, 2 + 6, 10, 0, ...strange])
    const request = DataRequest.decode(bytes)
    request.docs.push(new Document({ id: 'x' }))
    expect(parse(request.encode()).data?.$unknown).toHaveLength(2)
  })

  test('a known number of another wire type is an unknown field', () => {
    const bytes = Buffer.from([8, 5, 32, 6])
    const request = DataRequest.decode(bytes)
    request.requestId = 'a'
    expect(Buffer.from(request.encode())).toEqual(Buffer.from([10, 3, 10, 1, 97, 8, 5, 32, 6]))
  })

  function plain(field: { no: number; wireType: number; data: Uint8Array }): object {
    return { no: field.no, wireType: field.wireType, data: new Uint8Array(field.data) }
  }
})

test('a message in several pieces is read and written as protobuf-es reads it', () => {
  fc.assert(
    fc.property(dataRequest, dataRequest, (first, second) => {
      const bytes = Buffer.concat([toBytes(first), toBytes(second)])
      const request = DataRequest.decode(bytes)
      expect(parse(request.encode())).toEqual(parse(bytes))
      const merged = parse(bytes)
      expect(request.requestId).toBe(merged.header?.requestId ?? '')
      request.requestId = 'new'
      expect(parse(request.encode())).toMatchObject({
        ...merged,
        header: { ...merged.header, requestId: 'new' },
      })
    }),
  )
})

test('the envelope of jina without data has the documents as an unknown field', () => {
  const message = fromBinary(DataRequestProtoWoDataSchema, toBytes(sample))
  expect(message.$unknown?.[0]?.no).toBe(4)
})

describe('documents as a Python pickle', () => {
  const pickle = create(DataRequestProtoSchema, {
    data: { documents: { case: 'docsBytes', value: Uint8Array.of(0x80, 4) } },
  })

  test('are refused when they are read, and passed on', () => {
    const request = DataRequest.decode(toBytes(pickle))
    expect(() => request.docs).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('pickle') }),
    )
    expect(request.peekDocCount()).toBe(0)
    request.status = { code: 'SUCCESS', description: '' }
    expect(parse(request.encode()).data).toEqual(pickle.data)
  })

  test('the last kind of documents counts', () => {
    const bytes = Buffer.concat([
      toBytes(pickle),
      toBytes(create(DataRequestProtoSchema, { data: sample.data! })),
    ])
    expect(DataRequest.decode(bytes).docs.texts).toEqual(['hi'])
  })
})

describe('an answer', () => {
  test('shares the parts of its request and changes alone', () => {
    const request = DataRequest.decode(toBytes(sample))
    const answer = request.answer()
    answer.status = { code: 'ERROR', description: 'no' }
    answer.parameters = { b: 1 }
    answer.docs = new DocumentArray()
    expect(parse(request.encode())).toEqual(sample)
    expect(parse(answer.encode())).toMatchObject({
      header: { requestId: 'a1', status: { code: 1 } },
      parameters: { b: 1 },
      data: { documents: { case: 'docs', value: { docs: [] } } },
    })
  })

  test('has the changed documents of its request', () => {
    const request = DataRequest.decode(toBytes(sample))
    request.docs.at(0)!.text = 'changed'
    expect(DataRequest.decode(request.answer().encode()).docs.texts).toEqual(['changed'])
  })
})

test('garbage is read or MALFORMED, never another error', () => {
  const looks: ((request: DataRequest) => unknown)[] = [
    (request) => request.requestId,
    (request) => request.status,
    (request) => request.parameters,
    (request) => request.routes,
    (request) => request.peekDocCount(),
    (request) => request.encode(),
    (request) => [...request.docs].map((document) => document.text),
    (request) => request.encode(),
  ]
  fc.assert(
    fc.property(garbage, (bytes) => {
      const attempt = (look: () => unknown): void => {
        try {
          look()
        } catch (error) {
          if ((error as { code?: string }).code !== 'UNSUPPORTED')
            expect(error).toMatchObject({ code: 'MALFORMED' })
        }
      }
      attempt(() => {
        const request = DataRequest.decode(bytes)
        for (const look of looks) attempt(() => look(request))
      })
    }),
    { numRuns: 1000 },
  )
})

test('a hundred thousand fields of two bytes cost no more than their bytes, and one more is refused', () => {
  // alternating routes and unknown fields, so that neither is contiguous
  const bytes = new Uint8Array(200_000)
  for (let at = 0; at < bytes.length; at += 4) bytes.set([26, 0, 72, 1], at)
  const request = DataRequest.decode(bytes)
  request.requestId = 'a'
  expect(request.encode()).toHaveLength(bytes.length + 5)
  const refused = expect.objectContaining({
    code: 'MALFORMED',
    message: expect.stringContaining('100000 fields'),
  })
  expect(() => DataRequest.decode(Buffer.concat([bytes, Buffer.from([72, 1])]))).toThrow(refused)
  const many = Buffer.concat([bytes, Buffer.from([72, 1])])
  const inside = (tag: number): Uint8Array => Buffer.concat([Buffer.from([tag, 0xc2, 0x9a, 0x0c]), many])
  expect(() => DataRequest.decode(inside(10)).requestId).toThrow(refused)
  expect(() => DataRequest.decode(inside(34)).peekDocCount()).toThrow(refused)
})

describe('documents as bytes', () => {
  const listOf = (...ids: string[]): Uint8Array =>
    new DocumentArray(ids.map((id) => new Document({ id }))).toProtobuf()
  const idsOf = (request: DataRequest): string[] =>
    [...DataRequest.decode(request.encode()).docs].map(({ id }) => id)

  test('are the list, whether they were decoded or not', () => {
    const request = DataRequest.decode(toBytes(sample))
    const untouched = new Uint8Array(request.list!)
    expect(request.docs.length).toBe(1)
    expect(new Uint8Array(request.list!)).toEqual(untouched)
    expect(DataRequest.create({ endpoint: '/x' }).list).toBeUndefined()
  })

  test('are sent as they came, and not copied, while none of them was read', () => {
    const list = listOf('a', 'b')
    const bytes = DataRequest.decode(toBytes(sample)).withList([list]).encode()
    const received = (): DataRequest => DataRequest.decode(bytes)
    const isCopied = (request: DataRequest): boolean =>
      !request.encodeParts().some(({ buffer, length }) => buffer === bytes.buffer && length >= list.length)
    const counted = received()
    expect(counted.undecodedLength).toBe(counted.data!.length)
    expect([counted.docs.length, counted.docs.texts]).toEqual([2, ['', '']])
    expect(counted.undecodedLength).toBe(0)
    const answer = counted.answer()
    answer.addRoute({ executor: 'exec' })
    expect(isCopied(answer)).toBe(false)
    expect(idsOf(answer)).toEqual(['a', 'b'])
    const inPieces = (request: DataRequest): number[] => [...Buffer.concat(request.encodeParts())]
    expect(inPieces(answer)).toEqual([...answer.encode()])
    const changes: ((request: DataRequest) => void)[] = [
      ({ docs }) => (docs.at(0)!.id = 'c'),
      ({ docs }) => docs.push({ id: 'c' }),
      ({ docs }) => docs.extend(DocumentArray.fromProtobuf(listOf('c'))),
      ({ docs }) => (docs.embeddings = new NdArray({ data: Float32Array.of(1, 2), shape: [2, 1] })),
      (request) => (request.docs = DocumentArray.fromProtobuf(listOf('c'))),
    ]
    for (const change of changes) {
      const changed = received()
      const copy = changed.answer()
      void changed.docs.length
      const shared = changed.answer()
      change(changed)
      expect(isCopied(changed)).toBe(true)
      expect(inPieces(changed)).toEqual([...changed.encode()])
      expect(idsOf(copy)).toEqual(['a', 'b'])
      expect(inPieces(shared)).toEqual([...shared.encode()])
    }
  })

  test('are replaced by pieces, which are not copied, in a copy of the request', () => {
    const request = DataRequest.decode(toBytes(sample))
    const [one, two] = [listOf('a'), listOf('b', 'c')]
    const other = request.withList([one, two])
    // a count does not put them together
    expect(other.undecodedLength).toBe(other.dataLength)
    expect(other.encodeParts()).toContain(two)
    expect(idsOf(other)).toEqual(['a', 'b', 'c'])
    expect(other.peekDocCount()).toBe(3)
    expect(other.encodeParts().reduce((sum, { length }) => sum + length, 0)).toBe(other.encode().length)
    expect(idsOf(request)).toEqual(['d1'])
    expect(idsOf(request.withList([]))).toEqual([])
  })

  test('name the answers they come from, until they are an answer themselves', () => {
    const parts = [
      { from: 'exec/shard-0', count: 1 },
      { from: 'exec/shard-1', count: 0 },
    ]
    const request = DataRequest.decode(toBytes(sample)).withList([listOf('a')])
    request.parts = parts
    const arrived = DataRequest.decode(request.encode())
    expect(arrived.parts).toEqual(parts)
    expect(arrived.answer().parts).toBeUndefined()
    arrived.parts = undefined
    expect(DataRequest.decode(arrived.encode()).parts).toBeUndefined()
  })
})
