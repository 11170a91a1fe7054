import type { Data } from 'apache-arrow'
import { allocate, encodeText } from '../lib/protobuf/text.js'
import type { ColumnValue } from './columns.js'
import type { Engine } from './engine.js'
import type { ColumnType } from './options.js'

// Column buffers are written here and not by Arrow's builders: for a `bool` column that begins with nulls these leave out
// bits, and LanceDB refuses a bitmap that is too short.

/** The values of a tag's column, one for each row. */
export function columnData(engine: Engine, type: ColumnType, values: readonly ColumnValue[]): Data {
  if (type === 'string') return textData(engine, values as readonly (string | null)[])
  const { arrow } = engine
  const { length } = values
  const nulls = nullsOf(values)
  if (type === 'bool') {
    // Arrow's writer leaves out the bitmap of a column that is all null, too. It writes a byte for each row of a column of
    // bytes: these bytes begin with the bitmap, and the schema declares them as one.
    const data = new Uint8Array(Math.ceil(length / 8) * 8)
    data.set(bitmapOf(values, (value) => value === true))
    return arrow.makeData({ type: new arrow.Uint8(), length, ...nulls, data })
  }
  const data = Float64Array.from(values, (value) => (value ?? 0) as number)
  return arrow.makeData({ type: new arrow.Float64(), length, ...nulls, data })
}

export function textData({ arrow }: Engine, texts: readonly (string | null)[]): Data {
  const { valueOffsets, data } = encoded(texts)
  const type = new arrow.Utf8()
  return arrow.makeData({ type, length: texts.length, ...nullsOf(texts), valueOffsets, data })
}

export function bytesData({ arrow }: Engine, pieces: readonly Uint8Array[]): Data {
  const type = new arrow.Binary()
  return arrow.makeData({ type, length: pieces.length, nullCount: 0, ...joined(pieces) })
}

function encoded(texts: readonly (string | null)[]): { valueOffsets: Int32Array; data: Uint8Array } {
  const valueOffsets = new Int32Array(texts.length + 1)
  // three bytes at most for each unit
  const bytes = allocate(3 * texts.reduce((sum, text) => sum + (text?.length ?? 0), 0))
  let end = 0
  for (const [at, text] of texts.entries()) {
    if (text !== null) end += encodeText(text, bytes, end)
    valueOffsets[at + 1] = end
  }
  return { valueOffsets, data: bytes.subarray(0, end) }
}

function joined(pieces: readonly Uint8Array[]): { valueOffsets: Int32Array; data: Uint8Array } {
  const valueOffsets = new Int32Array(pieces.length + 1)
  for (const [at, { length }] of pieces.entries()) valueOffsets[at + 1] = valueOffsets[at]! + length
  return { valueOffsets, data: Buffer.concat(pieces) }
}

function nullsOf(values: readonly unknown[]): { nullCount: number; nullBitmap?: Uint8Array } {
  const nullCount = values.reduce((count: number, value) => count + (value === null ? 1 : 0), 0)
  return nullCount === 0
    ? { nullCount }
    : { nullCount, nullBitmap: bitmapOf(values, (value) => value !== null) }
}

/** One bit per value, lowest bit first; padded to a multiple of eight bytes, as Arrow requires. */
function bitmapOf<T>(values: readonly T[], isSet: (value: T) => boolean): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(values.length / 64) * 8)
  for (const [at, value] of values.entries()) if (isSet(value)) bitmap[at >> 3]! |= 1 << (at & 7)
  return bitmap
}
