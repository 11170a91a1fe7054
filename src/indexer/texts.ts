import type { RecordBatch } from 'apache-arrow'
import { decodeText } from '../lib/protobuf/text.js'

/** The text in a row of a column, null where there is none. Arrow's own reader drops a leading U+FEFF. */
export function textsOf(batch: RecordBatch, column: string): (row: number) => string | null {
  const [data] = batch.getChild(column)!.data
  if (data === undefined) return () => null
  const bytes = data.values as Uint8Array
  const { valueOffsets } = data
  return (row) =>
    data.nullCount > 0 && !data.getValid(row)
      ? null
      : decodeText(bytes, valueOffsets[row], valueOffsets[row + 1])
}
