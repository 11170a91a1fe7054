import type { RecordBatch } from 'apache-arrow'
import type { Document } from '../document/index.js'
import { valueAt } from '../document/lookup.js'
import { MillraceError } from '../errors.js'
import type { Columns, ColumnType } from './options.js'
import { textsOf } from './texts.js'
import { show } from '../lib/show.js'

/** The value of a column; null where the Document does not have the tag. */
export type ColumnValue = number | string | boolean | null

/** The table's column for a tag, besides the fixed columns. */
export const columnOf = (name: string): string => `tag_${name}`

/** The tags of a Document that are columns. */
export type Tags = Record<string, unknown>

export const columnNames = (columns: Columns): string[] => Object.keys(columns).map(columnOf)

/** The column values of a batch, for each row. */
export function tagsOf(batch: RecordBatch, columns: Columns): Tags[] {
  const rows = Array.from({ length: batch.numRows }, (): Tags => ({}))
  for (const [name, type] of Object.entries(columns)) {
    const path = name.split('__')
    const last = path.pop()!
    const valueOf = valuesOf(batch, columnOf(name), type)
    for (let row = 0; row < batch.numRows; row++) {
      const value = valueOf(row)
      if (value === null) continue
      let tags = rows[row]!
      for (const key of path) tags = (tags[key] ??= {}) as Tags
      tags[last] = value
    }
  }
  return rows
}

function valuesOf(batch: RecordBatch, column: string, type: ColumnType): (row: number) => unknown {
  if (type === 'string') return textsOf(batch, column)
  const values = batch.getChild(column)!
  return (row) => values.get(row)
}

/** The column values of a Document. Throws INVALID_INPUT for a tag of another type than its column. */
export function columnValues(document: Document, columns: Columns): ColumnValue[] {
  return Object.entries(columns).map(([name, type]) => {
    const value = valueAt(document, `tags__${name}`)
    if (value === undefined || value === null) return null
    if (isOf(type, value)) return typeof value === 'number' ? value + 0 : (value as ColumnValue)
    throw new MillraceError(
      'INVALID_INPUT',
      `Tag ${name} of document ${document.id} must be ${expected[type]}, as its column is, not ${show(value)}.`,
    )
  })
}

const expected: Readonly<Record<ColumnType, string>> = {
  int: 'a whole number',
  float: 'a finite number',
  string: 'a text',
  bool: 'true or false',
}

function isOf(type: ColumnType, value: unknown): boolean {
  switch (type) {
    case 'int':
      return Number.isSafeInteger(value)
    case 'float':
      return Number.isFinite(value)
    case 'string':
      return typeof value === 'string'
    case 'bool':
      return typeof value === 'boolean'
  }
}
