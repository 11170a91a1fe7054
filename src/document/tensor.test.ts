import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Writer } from '../lib/protobuf/writer.js'
import { dtypes, sparse, tensor } from './arbitraries.suite.js'
import {
  CsrMatrix,
  Document,
  float32ToFloat16,
  NdArray,
  RawTensor,
  type SparseMatrix,
  type Tensor,
  toDense,
} from './index.js'
import { emptyArray } from './dtype.js'
import { decodeTensor } from './tensor-decode.js'
import { encodeTensor } from './tensor-encode.js'

function encoded(value: Tensor): Uint8Array {
  const writer = new Writer()
  encodeTensor(writer, 1, value)
  // the message without its own tag and length
  let at = 1
  const bytes = writer.finish()
  while (bytes[at++]! > 127);
  return bytes.subarray(at)
}

/** A NdArrayProto of a dense array, written by hand. */
function denseProto({
  buffer,
  shape,
  dtype,
}: {
  buffer: Uint8Array
  shape: number[]
  dtype: string
}): Uint8Array {
  const writer = new Writer()
  const mark = writer.fork(1)
  writer.bytes(1, buffer)
  for (const length of shape) writer.uint32(2, length)
  writer.string(3, dtype)
  writer.join(mark)
  return writer.finish()
}

/** A NdArrayProto of a sparse matrix, written by hand. */
function sparseProto(options: {
  shape: number[]
  pairs: number[]
  values: number[]
  clsName?: string
  format?: string
}): Uint8Array {
  const { shape, pairs, values, clsName = 'scipy', format = 'csr' } = options
  const writer = new Writer()
  const mark = writer.fork(2)
  const indices = new Int32Array(pairs)
  const positions = { buffer: new Uint8Array(indices.buffer), shape: [values.length, 2], dtype: '<i4' }
  const data = {
    buffer: new Uint8Array(new Float64Array(values).buffer),
    shape: [values.length],
    dtype: '<f8',
  }
  for (const [field, dense] of [
    [1, positions],
    [2, data],
  ] as const) {
    const inner = writer.fork(field)
    writer.bytes(1, dense.buffer)
    writer.packedUint32(2, dense.shape)
    writer.string(3, dense.dtype)
    writer.join(inner)
  }
  writer.packedUint32(3, shape)
  writer.join(mark)
  writer.string(3, clsName)
  const parameters = writer.fork(4)
  const entry = writer.fork(1)
  writer.string(1, 'sparse_format')
  const value = writer.fork(2)
  writer.string(3, format)
  for (const open of [value, entry, parameters]) writer.join(open)
  return writer.finish()
}

const malformed = expect.objectContaining({ code: 'MALFORMED' })

describe('tensors on the wire', () => {
  it('are decoded unchanged', () => {
    fc.assert(
      fc.property(tensor, (value) => {
        const again = decodeTensor(encoded(value))
        expect([again.kind, again.dtype, again.shape, again.clsName]).toEqual([
          value.kind,
          value.dtype,
          value.shape,
          value.clsName,
        ])
        if (value.kind === 'dense') expect((again as NdArray).data).toEqual(value.data)
        else {
          const [came, went] = [again as SparseMatrix, value as SparseMatrix]
          expect(came.format).toBe(went.format)
          expect(toDense(came)).toEqual(toDense(went))
        }
      }),
    )
  })

  it.each(dtypes)('are read at any offset of their buffer: %s', (dtype) => {
    const array = new NdArray({ data: emptyArray(dtype, 3), dtype })
    array.data[1] = typeof array.data[1] === 'bigint' ? 1n : 1
    const bytes = encoded(array)
    for (let offset = 0; offset < 9; offset++) {
      const moved = new Uint8Array(bytes.length + offset).subarray(offset)
      moved.set(bytes)
      expect((decodeTensor(moved) as NdArray).data).toEqual(array.data)
    }
  })

  it('are swapped when they are big-endian', () => {
    const bytes = denseProto({
      buffer: Uint8Array.of(0x3f, 0x80, 0, 0, 0x40, 0, 0, 0),
      shape: [2],
      dtype: '>f4',
    })
    const array = decodeTensor(bytes) as NdArray
    expect([array.dtype, [...array.data]]).toEqual(['<f4', [1, 2]])
  })

  it('are zeros when they have a shape and no bytes', () => {
    const array = decodeTensor(
      denseProto({ buffer: new Uint8Array(0), shape: [2, 2], dtype: '<i8' }),
    ) as NdArray
    expect(array.data).toEqual(new BigInt64Array(4))
  })

  it('are passed on unchanged when their dtype is not supported', () => {
    const bytes = denseProto({ buffer: new Uint8Array(16), shape: [1], dtype: '<c16' })
    const raw = decodeTensor(bytes) as RawTensor
    expect([raw.kind, raw.dtype, raw.shape]).toEqual(['raw', '<c16', [1]])
    const document = new Document({ embedding: raw })
    expect(Document.fromProtobuf(document.toProtobuf()).embedding).toEqual(raw)
  })

  it('are passed on unchanged when they are sparse but not a matrix, as in torch', () => {
    const bytes = sparseProto({ shape: [2, 2, 2], pairs: [0, 1, 1], values: [1], clsName: 'torch' })
    const document = new Document({ tensor: decodeTensor(bytes) })
    const again = Document.fromProtobuf(document.toProtobuf()).tensor as RawTensor
    expect([again.kind, again.shape, again.clsName, [...again.bytes]]).toEqual([
      'raw',
      [2, 2, 2],
      'torch',
      [...bytes],
    ])
  })

  it('convert halves', () => {
    const array = new NdArray({ data: float32ToFloat16([1, -2, 65504, 6e-8]), dtype: '<f2' })
    expect(array.toList()).toEqual([1, -2, 65504, 5.960464477539063e-8])
  })

  it('of torch have all rows before all columns', () => {
    const bytes = sparseProto({ shape: [3, 9], pairs: [0, 2, 7, 8], values: [1, 2], clsName: 'torch' })
    const { row, column, clsName } = (decodeTensor(bytes) as SparseMatrix).toCoo()
    expect([[...row], [...column], clsName]).toEqual([[0, 2], [7, 8], 'torch'])
  })

  it('keep columns beyond 31 bits', () => {
    const shape = [1, 2 ** 32 - 1]
    const row = new CsrMatrix({ shape, indptr: [0, 2], indices: [2 ** 32 - 2, 3], data: [1, 2] }).row(0)
    const again = decodeTensor(encoded(row)) as SparseMatrix
    expect([again.shape, [...again.toCoo().column]]).toEqual([shape, [2 ** 32 - 2, 3]])
  })

  it('are sorted into rows when their triples are not', () => {
    const bytes = sparseProto({ shape: [3, 4], pairs: [2, 1, 0, 3, 2, 0], values: [1, 2, 3] })
    expect(decodeTensor(bytes)).toMatchObject({
      indptr: Int32Array.of(0, 1, 1, 3),
      indices: Int32Array.of(3, 1, 0),
      data: Float64Array.of(2, 1, 3),
    })
  })
})

describe('hostile tensors', () => {
  const buffer = new Uint8Array(8)
  it.each<[string, Uint8Array]>([
    ['a shape larger than its bytes', denseProto({ buffer, shape: [3], dtype: '<f4' })],
    ['a shape smaller than its bytes', denseProto({ buffer, shape: [1], dtype: '<f4' })],
    [
      'bytes that are not a whole number of elements',
      denseProto({ buffer: new Uint8Array(7), shape: [1], dtype: '<f8' }),
    ],
    [
      'a huge shape without bytes',
      denseProto({ buffer: new Uint8Array(0), shape: [4294967295, 9], dtype: '<f8' }),
    ],
    [
      'a huge shape of nothing',
      denseProto({ buffer: new Uint8Array(0), shape: [4294967295, 0], dtype: '<f8' }),
    ],
    ['too many dimensions', denseProto({ buffer, shape: Array<number>(100).fill(1), dtype: '<f8' })],
    ['a row outside of the shape', sparseProto({ shape: [1, 4], pairs: [1, 0], values: [1] })],
    ['a column outside of the shape', sparseProto({ shape: [1, 4], pairs: [0, 4], values: [1] })],
    ['a negative column', sparseProto({ shape: [1, 4], pairs: [0, -1], values: [1] })],
    ['fewer indices than values', sparseProto({ shape: [1, 4], pairs: [0, 1], values: [1, 2] })],
    ['rows without bytes', sparseProto({ shape: [4294967295, 4], pairs: [0, 1], values: [1] })],
    [
      'columns without bytes',
      sparseProto({ shape: [4, 4294967295], pairs: [0, 1], values: [1], format: 'csc' }),
    ],
  ])('%s are MALFORMED', (_, bytes) => {
    expect(() => decodeTensor(bytes)).toThrow(malformed)
  })

  it('of a million rows and few elements are read', () => {
    const bytes = sparseProto({ shape: [1_000_000, 4], pairs: [999_999, 1], values: [1] })
    expect((decodeTensor(bytes) as SparseMatrix).nnz).toBe(1)
  })

  it('either decode or throw MALFORMED', () => {
    fc.assert(
      fc.property(tensor, fc.nat(), fc.nat({ max: 255 }), (value, position, byte) => {
        const bytes = encoded(value).slice()
        bytes[position % bytes.length] = byte
        try {
          decodeTensor(bytes)
        } catch (error) {
          expect(error).toEqual(malformed)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('hostile Documents', () => {
  const nested = (levels: number): Uint8Array => {
    let bytes: Uint8Array = new Document({ id: 'inner' }).toProtobuf()
    for (let level = 0; level < levels; level++) {
      const writer = new Writer(bytes.length + 10)
      writer.bytes(14, bytes)
      bytes = writer.finish()
    }
    return bytes
  }
  const dig = (bytes: Uint8Array): number => {
    let depth = 0
    for (let at: Document | undefined = Document.fromProtobuf(bytes); at !== undefined; at = at.chunks.at(0))
      depth++
    return depth
  }

  it('nest 64 levels and no more', () => {
    expect(dig(nested(64))).toBe(65)
    expect(() => dig(nested(65))).toThrow(malformed)
  })

  it('are passed on undecoded at any depth', () => {
    const bytes = nested(1000)
    const document = Document.fromProtobuf(bytes)
    document.text = 'x'
    expect(document.toProtobuf().length).toBe(bytes.length + 3)
  })

  it('either decode or throw MALFORMED', () => {
    fc.assert(
      fc.property(sparse, fc.nat(), fc.nat({ max: 255 }), (embedding, position, byte) => {
        const whole = new Document({
          id: 'a',
          text: 'b',
          embedding,
          tags: { a: [1, { b: null }] },
          location: [1],
        })
        const bytes = whole.toProtobuf().slice()
        bytes[position % bytes.length] = byte
        const document = Document.fromProtobuf(bytes)
        for (const name of [
          'id',
          'text',
          'embedding',
          'tags',
          'location',
          'chunks',
          'scores',
          'weight',
        ] as const) {
          try {
            expect(document[name]).toBe(document[name])
          } catch (error) {
            expect(error).toEqual(malformed)
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})
