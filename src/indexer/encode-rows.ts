import type { Data, Table } from 'apache-arrow'
import { bytesData, columnData, textData } from './column-data.js'
import type { Engine } from './engine.js'
import type { Columns } from './options.js'
import { type Row, schemaOf } from './rows.js'

/** Rows, at least one, in the format that LanceDB takes. */
export function encodeRows(
  engine: Engine,
  rows: readonly Row[],
  { columns, commit }: { readonly columns: Columns; readonly commit: number },
): Table {
  const { arrow } = engine
  const { makeData, RecordBatch, Struct } = arrow
  const length = rows.length
  const dim = rows[0]!.vector.length
  const schema = schemaOf(engine, dim, columns)
  const commits = new BigInt64Array(length).fill(BigInt(commit))
  // in the order of the schema
  const children = [
    textData(
      engine,
      rows.map(({ id }) => id),
    ),
    vectorData(engine, rows, dim),
    bytesData(
      engine,
      rows.map(({ document }) => document),
    ),
    makeData({ type: new arrow.Int64(), length, nullCount: 0, data: commits }),
    ...Object.values(columns).map((type, column) =>
      columnData(
        engine,
        type,
        rows.map((row) => row.columns[column]!),
      ),
    ),
  ]
  const data = makeData({ type: new Struct(schema.fields), length, nullCount: 0, children })
  return new arrow.Table(schema, [new RecordBatch(schema, data)])
}

function vectorData({ arrow }: Engine, rows: readonly Row[], dim: number): Data {
  const flat = new Float32Array(rows.length * dim)
  for (const [at, { vector }] of rows.entries()) flat.set(vector, at * dim)
  const child = arrow.makeData({ type: new arrow.Float32(), length: flat.length, nullCount: 0, data: flat })
  const type = new arrow.FixedSizeList(dim, new arrow.Field('item', new arrow.Float32(), true))
  return arrow.makeData({ type, length: rows.length, nullCount: 0, child })
}
