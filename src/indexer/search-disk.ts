import type { RecordBatch } from 'apache-arrow'
import type { Metric } from './metric.js'
import { type Condition, type Question, requireWanted } from './question.js'
import { documentOf, type StoredRow, storedColumns, storedRows, vectorsOf } from './rows.js'
import { scanRows } from './scan-rows.js'
import type { Hit } from './search-memory.js'
import type { Version } from './store.js'
import { textsOf } from './texts.js'
import { type Scored, Top } from './top.js'
import { Turns } from './turns.js'
import { Vectors } from './vectors.js'
import { withIds } from './where.js'

interface Found extends Scored {
  readonly vector: Float32Array
}

/** The nearest rows of each query, exactly; reads all rows of the version once. */
export async function searchDisk(
  { table, dim }: Version,
  { metric, question }: { metric: Metric; question: Question },
): Promise<Hit[][]> {
  const { probes, limit, condition, signal } = question
  const tops = probes.map(() => new Top<Found>(limit))
  const tested = condition !== undefined && !condition.exact
  const query = table.query().select(tested ? storedColumns : ['id', 'vector'])
  if (condition?.sql !== undefined) query.where(condition.sql)
  const vectors = new Vectors(dim)
  const turns = new Turns(signal)
  for await (const batch of query) {
    requireWanted(signal)
    const flat = vectorsOf(batch)
    vectors.reserve(batch.numRows)
    for (let row = 0; row < batch.numRows; row++) vectors.set(row, flat.subarray(row * dim, (row + 1) * dim))
    const idOf = textsOf(batch, 'id')
    const take = (slot: number, score: number): Found => ({
      id: idOf(slot)!,
      score,
      vector: vectors.get(slot),
    })
    const mask = tested ? await passing(batch, condition, turns) : undefined
    scanRows({ metric, probes, tops, take }, { vectors, from: 0, to: batch.numRows, mask })
  }
  const found = tops.map((top) => top.sorted())
  const documents = await readDocuments({ table }, new Set(found.flat().map(({ id }) => id)))
  return found.map((list) => list.map((hit) => ({ ...hit, document: documents.get(hit.id)!.document })))
}

/** 1 for every row of a batch that passes the condition, SQL or not. */
export async function passing(
  batch: RecordBatch,
  { test }: Pick<Condition, 'test'>,
  turns: Turns,
): Promise<Uint8Array> {
  const mask = new Uint8Array(batch.numRows)
  let at = 0
  for (const row of storedRows(batch)) {
    const due = turns.due()
    if (due !== undefined) await due
    mask[at++] = test(documentOf(row, true)) ? 1 : 0
  }
  return mask
}

/** The rows with these ids, by id. */
export async function readDocuments(
  { table }: Pick<Version, 'table'>,
  ids: ReadonlySet<string>,
): Promise<Map<string, StoredRow>> {
  const rows = new Map<string, StoredRow>()
  const wanted = [...ids]
  for (let from = 0; from < wanted.length; from += idsAtOnce) {
    const query = table
      .query()
      .select(storedColumns)
      .where(withIds(wanted.slice(from, from + idsAtOnce)))
    for await (const batch of query) for (const row of storedRows(batch)) rows.set(row.id, row)
  }
  return rows
}

/** Ids in one SQL condition. */
export const idsAtOnce = 1000
