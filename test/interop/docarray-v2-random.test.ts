import { fromBinary } from '@bufbuild/protobuf'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'

import { bytesOf } from '../../src/document/dtype.js'
import { NdArray } from '../../src/document/nd-array.js'
import { bytes, doc, optional, schemaOf, tensor } from '../../src/document/typed/index.js'
import type { DocClass } from '../../src/document/typed/types.js'
import {
  decodeDocList,
  readDocuments,
  readTypedDocuments,
  writeDocList,
} from '../../src/document/v2/index.js'
import type { Node, Nodes } from '../../src/document/v2/node.js'
import type { Tensor } from '../../src/document/tensor.js'
import { NdArrayProtoSchema } from '../gen/docarray_v2/docarray_pb.js'
import { withSortedEntries } from './docarray-v2-entries.js'
import { type PythonServer, servePython } from './python.js'

// Random documents that the real docarray makes: read here, written here, and read by docarray again.

/** A value with its kind; `docarray_v2_random.py` says how. */
type Described = readonly [kind: string, ...value: unknown[]]
type Entries = readonly (readonly [name: string, value: Described])[]

interface Given {
  readonly class: string
  readonly bytes: string
  readonly values: readonly Entries[]
}

const maybe = <Schema extends z.ZodType>(schema: Schema) => schema.nullish()
const Author = doc({ name: z.string(), age: maybe(z.number()), photo: optional(bytes()) })
const Book = doc({
  title: z.string(),
  author: optional(Author),
  embedding: optional(tensor('float32')),
  authors: [Author],
})
const Values = doc({
  title: z.string(),
  views: z.number().int(),
  rating: z.number(),
  draft: z.boolean(),
  raw: optional(bytes()),
  either: z.union([z.number(), z.string(), z.boolean()]).nullable(),
  anything: z.unknown(),
  keywords: z.array(z.string()),
  numbers: z.array(z.number()),
  pair: z.tuple([z.number(), z.string()]),
  labels: z.array(z.string()),
  extra: z.unknown(),
  picture: maybe(z.string()),
  größe: maybe(z.number()),
})
const Arrays = doc({
  bool_: optional(tensor('bool')),
  int8: optional(tensor('int8')),
  uint8: optional(tensor('uint8')),
  int16: optional(tensor('int16')),
  uint16: optional(tensor('uint16')),
  int32: optional(tensor('int32')),
  uint32: optional(tensor('uint32')),
  int64: optional(tensor('int64')),
  uint64: optional(tensor('uint64')),
  float16: optional(tensor('float16')),
  float32: optional(tensor('float32')),
  float64: optional(tensor('float64')),
})
const Nested = doc({
  author: Author,
  editor: optional(Author),
  reviewers: [Author],
  books: [Book],
  listed: [Author],
})
/** The classes of Python that have a counterpart here. */
const classes = new Map<string, DocClass>(Object.entries({ Values, Arrays, Nested }))

let python: PythonServer<{ readonly lists: readonly Given[] }>
beforeAll(async () => {
  python = await servePython('docarray_v2_random.py', { seed: 20, lists: 60 })
})
afterAll(() => python.stop())

const bytesIn = ({ bytes: text }: Given): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'))

function untyped(list: Uint8Array): Uint8Array {
  return writeDocList(readDocuments(decodeDocList(list), 'data'))
}

function typed(list: Uint8Array, Class: DocClass) {
  const schema = schemaOf(Class)
  const documents = readTypedDocuments(decodeDocList(list), schema, 'data')
  schema.checkAll(documents, 'data')
  return { documents, schema, bytes: writeDocList(documents, schema) }
}

/** A list as it is written here, by endpoints without types and with. */
function written(list: Given): readonly Uint8Array[] {
  const Class = classes.get(list.class)
  const given = bytesIn(list)
  return Class === undefined ? [untyped(given)] : [untyped(given), typed(given, Class).bytes]
}

test('some hundreds of documents have the values that docarray gave them', () => {
  const { lists } = python.ready
  expect(lists.flatMap(({ values }) => values).length).toBeGreaterThan(400)
  for (const list of lists) {
    expect(decodeDocList(bytesIn(list)).map(entriesOf), list.class).toEqual(list.values)
  }
})

test('typed documents have them too', () => {
  const known = python.ready.lists.filter((list) => classes.has(list.class))
  expect(known.length).toBeGreaterThan(100)
  for (const list of known) {
    const { documents, schema } = typed(bytesIn(list), classes.get(list.class)!)
    const data = (schema.list(documents) as { toArray(): unknown[] }).toArray()
    expect(data.map(plain), list.class).toEqual(list.values.map((entries) => plainOf(['doc', entries])))
  }
})

test('what is written again has the bytes of docarray, but for the order of entries in maps', () => {
  for (const list of python.ready.lists) {
    // numbers are written little-endian
    if (list.class === 'SwappedArrays') continue
    for (const again of written(list)) {
      expect(withSortedEntries(again), list.class).toBe(withSortedEntries(bytesIn(list)))
      expect(again.length).toBe(bytesIn(list).length)
    }
  }
})

test('without types, fields keep the order in which they came, so that documents without dicts are the same bytes', () => {
  const lists = python.ready.lists.filter(({ class: name }) =>
    ['Arrays', 'OtherArrays', 'Nested'].includes(name),
  )
  expect(lists.length).toBeGreaterThan(100)
  for (const list of lists) expect(base64(untyped(bytesIn(list))), list.class).toBe(list.bytes)
})

test('docarray reads what it made', async () => {
  const lists = python.ready.lists.map((list) => written(list).map(base64))
  const { differences } = await python.ask<{ differences: unknown }>({ lists })
  expect(differences).toEqual([])
})

const base64 = (given: Uint8Array): string => Buffer.from(given).toString('base64')

function entriesOf(nodes: Nodes): unknown {
  return Array.from(nodes, ([name, node]) => [name, describe(node)] as const).sort(byName)
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1
}

function describe({ type: given, ...node }: Node): unknown {
  const type = given ?? null
  switch (node.kind) {
    case 'none':
      return ['none']
    case 'text':
      return ['text', node.value, type]
    case 'float': {
      const bits = Buffer.alloc(8)
      bits.writeDoubleLE(node.value)
      return ['float', bits.toString('hex')]
    }
    case 'blob':
      return ['blob', base64(node.value), type]
    case 'ndarray':
      return ['ndarray', ...arrayOf(node.value), type]
    case 'doc':
    case 'dict':
      return [node.kind, entriesOf(node.value)]
    case 'doc_array':
      return [node.kind, node.value.map(entriesOf)]
    case 'list':
    case 'set':
    case 'tuple':
      return [node.kind, node.value.map(describe)]
    default:
      return [node.kind, node.value]
  }
}

/** Its dtype, its shape, and its elements in little-endian bytes. */
function arrayOf(array: Tensor): readonly unknown[] {
  if (array instanceof NdArray) return [array.dtype, array.shape, base64(bytesOf(array.data))]
  if (array.kind !== 'raw') throw new Error('docarray has no sparse matrices')
  return [array.dtype, array.shape, base64(fromBinary(NdArrayProtoSchema, array.bytes).dense!.buffer)]
}

/** What a typed document is expected to have: without kinds that TypeScript does not tell. Values that are null may be missing. */
function plainOf([kind, ...value]: Described): unknown {
  const [first] = value
  switch (kind) {
    case 'none':
      return null
    case 'float':
      return Buffer.from(first as string, 'hex').readDoubleLE()
    case 'blob':
      return [kind, first]
    case 'ndarray':
      return [kind, ...value.slice(0, 3)]
    case 'doc':
    case 'dict':
      return [
        'object',
        (first as Entries)
          .map(([name, inner]) => [name, plainOf(inner)])
          .filter(([, inner]) => inner !== null),
      ]
    case 'doc_array':
      return ['list', (first as readonly Entries[]).map((entries) => plainOf(['doc', entries]))]
    case 'list':
    case 'set':
    case 'tuple':
      return ['list', (first as readonly Described[]).map(plainOf)]
    default:
      return first
  }
}

/** The same of a value of a typed document. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return ['blob', base64(value)]
  if (value instanceof NdArray) return ['ndarray', ...arrayOf(value)]
  if (Array.isArray(value)) return ['list', value.map(plain)]
  if (typeof value !== 'object' || value === null) return value ?? null
  const entries = Object.entries(value).map(([name, inner]) => [name, plain(inner)] as const)
  return ['object', entries.filter(([, inner]) => inner !== null).sort(byName)]
}
