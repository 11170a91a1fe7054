import {
  BsrMatrix,
  CooMatrix,
  CscMatrix,
  CsrMatrix,
  Document,
  DocumentArray,
  float32ToFloat16,
  NdArray,
  type Dtype,
  type SparseMatrix,
  type Tensor,
  toDense,
} from 'millrace/document'
import { beforeAll, describe, expect, it } from 'vitest'
import { runPython } from './python.js'

const python = <Answer>(job: object): Promise<Answer> => runPython<Answer>('documents.py', job)
const packed = (docs: DocumentArray): string => Buffer.from(docs.toProtobuf()).toString('base64')
const unpacked = (text: string): DocumentArray => DocumentArray.fromProtobuf(Buffer.from(text, 'base64'))

interface Told {
  readonly [field: string]: unknown
  readonly chunks: Told[]
  readonly matches: Told[]
}

/** A Document in the format of documents.py. */
function told(document: Document): Told {
  const { id, text, tags, uri, modality, location, parentId, granularity, adjacency } = document
  return {
    id,
    text,
    blob: Buffer.from(document.blob ?? []).toString('base64'),
    tensor: toldTensor(document.tensor),
    embedding: toldTensor(document.embedding),
    tags,
    uri,
    mimeType: uri === '' ? '' : document.mimeType,
    modality,
    weight: document.weight ?? 0,
    offset: document.offset ?? 0,
    location,
    parentId,
    granularity,
    adjacency,
    scores: toldScores(document.scores),
    evaluations: toldScores(document.evaluations),
    chunks: Array.from(document.chunks, told),
    matches: Array.from(document.matches, told),
  }
}

function toldTensor(tensor: Tensor | undefined): unknown {
  if (tensor === undefined) return null
  if (tensor.kind === 'raw') return { class: 'numpy', dtype: tensor.dtype, list: [[1, 2]] }
  const { dtype, shape, clsName } = tensor
  if (tensor.kind === 'sparse') return { class: tensor.format, dtype, shape, list: toDense(tensor).toList() }
  return clsName === 'list'
    ? { class: 'list', list: tensor.toList() }
    : { class: 'numpy', dtype, shape, list: tensor.toList() }
}

function toldScores(scores: Document['scores']): object {
  return Object.fromEntries(
    Object.entries(scores).map(([name, { value, opName, description, refId }]) => [
      name,
      [value, opName ?? null, description ?? null, refId ?? null],
    ]),
  )
}

describe('what docarray 0.21 writes', () => {
  let docs: DocumentArray
  let expected: Told[]
  beforeAll(async () => {
    const bytes = await python<string>({ what: 'write' })
    docs = unpacked(bytes)
    expected = await python<Told[]>({ what: 'read', docs: bytes })
  })

  it('is read as docarray reads it: every field, dtype and sparse format, chunks and matches', () => {
    expect(docs.length).toBe(39)
    expect(Array.from(docs, told)).toEqual(expected)
  })

  it('is read back by docarray after every Document was changed and encoded again', async () => {
    for (const document of docs) {
      told(document)
      document.tags['seen'] = true
    }
    const again = await python<Told[]>({ what: 'read', docs: packed(docs) })
    expect(again.map(({ tags }) => (tags as { seen: boolean }).seen)).toEqual(again.map(() => true))
    const unseen = again.map(({ tags, ...document }) => {
      const { seen: _seen, ...rest } = tags as { seen: boolean }
      return { ...document, tags: rest }
    })
    expect(unseen).toEqual(expected)
  })
})

const dtypes: Dtype[] = ['|b1', '|i1', '|u1', '<i2', '<u2', '<i4', '<u4', '<i8', '<u8', '<f2', '<f4', '<f8']
const numbers = [0, 1, 1, 0]

function arrayOf(dtype: Dtype): NdArray {
  const data = {
    '|b1': () => Uint8Array.from(numbers),
    '|i1': () => Int8Array.from(numbers),
    '|u1': () => Uint8Array.from(numbers),
    '<i2': () => Int16Array.from(numbers),
    '<u2': () => Uint16Array.from(numbers),
    '<i4': () => Int32Array.from(numbers),
    '<u4': () => Uint32Array.from(numbers),
    '<i8': () => BigInt64Array.from(numbers, BigInt),
    '<u8': () => BigUint64Array.from(numbers, BigInt),
    '<f2': () => float32ToFloat16(numbers),
    '<f4': () => Float32Array.from(numbers),
    '<f8': () => Float64Array.from(numbers),
  }[dtype]()
  return new NdArray({ data, shape: [2, 2], dtype })
}

const coo = new CooMatrix({
  shape: [3, 4],
  row: [2, 0, 2],
  column: [3, 1, 0],
  data: Float32Array.of(1, 2, 3),
})
const sparse: SparseMatrix[] = [
  coo,
  CsrMatrix.from(coo),
  CscMatrix.from(coo),
  BsrMatrix.from(coo),
  CsrMatrix.from(coo).row(2),
  new BsrMatrix({ shape: [2, 4], blockSize: [2, 2], indptr: [0, 1], indices: [1], data: [1, 2, 3, 4] }),
]

function written(): DocumentArray {
  const docs = new DocumentArray([
    {
      id: 'all',
      text: 'grüße 你好 🚀',
      tags: { a: 1, b: [1.5, null, { c: true }], d: 'ü', nothing: null },
      uri: 'a.png',
      modality: 'm',
      weight: 0.5,
      offset: 1.5,
      location: [1, 2.5],
      scores: { cosine: { value: 0.25, opName: 'op', description: 'd', refId: 'r' } },
      evaluations: { recall: { value: 1 } },
      chunks: [{ id: 'c', blob: Uint8Array.of(0, 255), chunks: [{ id: 'cc', text: 'deep' }] }],
      matches: [{ id: 'm', text: 'match', chunks: [{ id: 'mc' }] }],
    },
    { id: 'list', embedding: new NdArray({ data: Float64Array.of(1.5), clsName: 'list' }) },
    { id: 'scalar', embedding: new NdArray({ data: Float64Array.of(2.5), shape: [] }) },
    { id: 'empty', tensor: new NdArray({ data: new Float64Array(0), shape: [0, 3] }) },
  ])
  for (const dtype of dtypes)
    docs.push({ id: dtype, tensor: arrayOf(dtype), embedding: arrayOf(dtype).row(1) })
  for (const matrix of sparse) docs.push({ id: matrix.format, tensor: matrix, embedding: matrix })
  return docs
}

describe('what we write', () => {
  it('is read correctly by docarray 0.21: every field, dtype and sparse format, chunks and matches', async () => {
    const docs = written()
    expect(await python<Told[]>({ what: 'read', docs: packed(docs) })).toEqual(Array.from(docs, told))
  })

  it('comes back from docarray 0.21 unchanged', async () => {
    const again = unpacked(await python<string>({ what: 'echo', docs: packed(written()) }))
    expect(Array.from(again, told)).toEqual(Array.from(written(), told))
  })

  it('is JSON with the keys and values of docarray’s own', async () => {
    const docs = written().slice(0, 2)
    expect(docs.toJSON()).toEqual(await python({ what: 'json', docs: packed(docs) }))
  })

  it('stacks to the CSR matrix that was set', async () => {
    const docs = new DocumentArray([{}, {}, {}])
    // doubles, because docarray reads an empty row as doubles, whatever its dtype
    const { shape, row, column, data } = coo
    docs.embeddings = CsrMatrix.from(
      new CooMatrix({ shape, row, column, data: Float64Array.from(data as Float32Array) }),
    )
    const list = toDense(coo).toList()
    expect(await python({ what: 'embeddings', docs: packed(docs) })).toEqual({
      class: 'csr',
      dtype: '<f8',
      shape,
      list,
    })
  })
})

describe('match', () => {
  it('finds what docarray finds, at the same distances, dense and sparse', async () => {
    // a plain congruential generator: the same vectors in every run
    let state = 7
    const next = (): number => (state = (state * 48271) % 2147483647) / 2147483647
    const matrix = (rows: number): number[][] =>
      Array.from({ length: rows }, () =>
        Array.from({ length: 12 }, () => (next() < 0.5 ? 0 : next() * 4 - 2)),
      )
    const [left, right] = [matrix(5), matrix(40)]
    const answer = await python<Record<string, [string, number][][]>>({
      what: 'match',
      left,
      right,
      limit: 10,
    })
    for (const kind of ['dense', 'sparse']) {
      for (const metric of ['cosine', 'euclidean', 'sqeuclidean'] as const) {
        const docs = new DocumentArray(left.map(() => ({})))
        const others = new DocumentArray(right.map((_, at) => ({ id: String(at) })))
        docs.embeddings = kind === 'dense' ? left : csr(left)
        others.embeddings = kind === 'dense' ? right : csr(right)
        docs.match(others, { metric, limit: 10 })
        for (const [at, expected] of (answer[`${kind} ${metric}`] ?? answer[`dense ${metric}`])!.entries()) {
          const found = Array.from(docs.at(at)!.matches)
          expect(found.map((match) => match.id)).toEqual(expected.map(([id]) => id))
          found.forEach((match, rank) =>
            expect(match.scores[metric]!.value).toBeCloseTo(expected[rank]![1], 6),
          )
        }
      }
    }
  })
})

function csr(rows: readonly (readonly number[])[]): CsrMatrix {
  const filled = rows.map((row) =>
    row.flatMap((value, column) => (value === 0 ? [] : [[column, value] as const])),
  )
  const indptr = [0]
  for (const row of filled) indptr.push(indptr.at(-1)! + row.length)
  const entries = filled.flat()
  return new CsrMatrix({
    shape: [rows.length, rows[0]!.length],
    indptr,
    indices: entries.map(([column]) => column),
    data: entries.map(([, value]) => value),
  })
}
