import * as fc from 'fast-check'
import {
  BsrMatrix,
  CooMatrix,
  CscMatrix,
  CsrMatrix,
  Document,
  type DocumentInit,
  type Dtype,
  NdArray,
  type SparseMatrix,
  type Tensor,
  toDense,
} from './index.js'
import { emptyArray } from './dtype.js'

/** Random Documents for the property tests of this folder, and a plain form to compare them by. */

export const word: fc.Arbitrary<string> = fc.string({ unit: 'binary', maxLength: 20 })
const float32 = fc.float({ noNaN: true, noDefaultInfinity: true })

export const dtypes: readonly Dtype[] = [
  '|b1',
  '|i1',
  '|u1',
  '<i2',
  '<u2',
  '<i4',
  '<u4',
  '<i8',
  '<u8',
  '<f2',
  '<f4',
  '<f8',
]

const shape = fc.array(fc.nat({ max: 4 }), { maxLength: 4 })

export const dense: fc.Arbitrary<NdArray> = fc
  .record({
    shape,
    dtype: fc.constantFrom(...dtypes),
    clsName: fc.constantFrom('numpy', 'list', 'torch'),
    seed: fc.nat(),
  })
  .map(({ shape, dtype, clsName, seed }) => {
    const size = shape.reduce((product, length) => product * length, 1)
    const data = emptyArray(dtype, size)
    for (let at = 0; at < size; at++) {
      const value = (seed + at * 7) % (dtype === '|b1' ? 2 : 120)
      data[at] = typeof data[at] === 'bigint' ? BigInt(value) : value
    }
    return new NdArray({ data, shape, dtype, clsName })
  })

export const sparse: fc.Arbitrary<SparseMatrix> = fc
  .record({
    rows: fc.integer({ min: 1, max: 5 }),
    columns: fc.integer({ min: 1, max: 6 }),
    positions: fc.uniqueArray(fc.nat({ max: 29 }), { maxLength: 12 }),
    format: fc.constantFrom(CooMatrix, CsrMatrix, CscMatrix, BsrMatrix),
    dtype: fc.constantFrom<Dtype>('<f4', '<f8', '<i4', '<i8', '|b1'),
  })
  .map(({ rows, columns, positions, format, dtype }) => {
    const inside = positions.filter((position) => position < rows * columns)
    const data = emptyArray(dtype, inside.length)
    inside.forEach(
      (position, at) =>
        (data[at] = typeof data[at] === 'bigint' ? BigInt(position) : dtype === '|b1' ? 1 : position),
    )
    const coo = new CooMatrix({
      shape: [rows, columns],
      row: inside.map((position) => Math.floor(position / columns)),
      column: inside.map((position) => position % columns),
      data,
      dtype,
    })
    return format === CooMatrix ? coo : (format as typeof CsrMatrix).from(coo)
  })

export const tensor: fc.Arbitrary<Tensor> = fc.oneof(dense, sparse)

const scores = fc.dictionary(
  word,
  fc.record(
    { value: float32, opName: fc.constant('cosine'), description: fc.constant('d'), refId: fc.constant('r') },
    { requiredKeys: ['value'] },
  ),
  { maxKeys: 3, noNullPrototype: true },
)

const tags = fc.dictionary(word, fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 }), {
  maxKeys: 4,
  noNullPrototype: true,
})

const flat = {
  id: fc.uuid(),
  embedding: tensor,
  tags,
  uri: word,
  mimeType: fc.constantFrom('text/plain', 'image/png'),
  modality: word,
  weight: float32,
  granularity: fc.nat(),
  adjacency: fc.nat(),
  parentId: word,
  offset: float32,
  location: fc.array(float32, { maxLength: 3 }),
  scores,
  evaluations: scores,
  content: fc.oneof(word, fc.uint8Array({ maxLength: 20 }), tensor),
}

const child = fc.record(flat, { requiredKeys: ['id'] }) as fc.Arbitrary<DocumentInit>
const family = fc.array(child, { maxLength: 2 })

/** The argument of `new Document`, with chunks and matches. */
export const documentInit = fc.record(
  { ...flat, chunks: family, matches: family },
  { requiredKeys: [] },
) as fc.Arbitrary<DocumentInit>

export const anyDocument: fc.Arbitrary<Document> = documentInit.map((init) => new Document(init))

/** All properties of a Document, as values that `toEqual` compares. */
export function plain(document: Document): Record<string, unknown> {
  return {
    id: document.id,
    content: plainContent(document.content),
    embedding: document.embedding && plainTensor(document.embedding),
    tags: document.tags,
    uri: document.uri,
    mimeType: document.mimeType,
    modality: document.modality,
    weight: document.weight,
    granularity: document.granularity,
    adjacency: document.adjacency,
    parentId: document.parentId,
    offset: document.offset,
    location: document.location,
    scores: document.scores,
    evaluations: document.evaluations,
    chunks: Array.from(document.chunks, plain),
    matches: Array.from(document.matches, plain),
  }
}

function plainContent(content: Document['content']): unknown {
  if (typeof content === 'string' || content === undefined) return content
  return content instanceof Uint8Array ? [...content] : plainTensor(content)
}

function plainTensor(value: Tensor): unknown {
  if (value.kind === 'raw') return value
  const { dtype, shape, clsName } = value
  if (value.kind === 'dense') return { dtype, shape, clsName, list: value.toList() }
  return { dtype, shape, clsName, format: value.format, list: toDense(value).toList() }
}
