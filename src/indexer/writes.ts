import type { Document } from '../document/index.js'
import { replaceFields } from '../document/replace.js'
import { MillraceError } from '../errors.js'
import { encodeRows } from './encode-rows.js'
import { loadEngine } from './engine.js'
import type { KnownIds } from './known-ids.js'
import type { Condition } from './question.js'
import { passingIds } from './reader.js'
import { anyEmbedding } from './embedding.js'
import { documentOf, type Row, type RowRules, rowOf, type StoredRow } from './rows.js'
import { idsAtOnce, readDocuments } from './search-disk.js'
import type { Store, Version } from './store.js'
import { withIds } from './where.js'

/** A change of the table. */
export type Change =
  | { readonly kind: 'index'; readonly rows: readonly Row[] }
  | { readonly kind: 'update'; readonly documents: readonly Document[] }
  | { readonly kind: 'delete'; readonly ids: readonly string[] }
  | { readonly kind: 'delete-where'; readonly condition: Condition; readonly signal: AbortSignal }

/** The result of a change, as it is answered. */
export type Outcome = Readonly<Record<string, unknown>>

/** A change, and the functions that settle it. */
export interface Asked<C extends Change = Change> {
  readonly change: C
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
}

/**
 * The table as the holder of the writer lock sees it: every function here reads a version, then commits its changes on top
 * of exactly this version.
 */
export interface Target {
  readonly store: Store
  readonly rules: RowRules
  readonly known: KnownIds
  /** Number of the lock. */
  readonly writer: number
  /** The newest version. Rejects with UNAVAILABLE once another writer has taken over, because the version may be its own. */
  latest(): Promise<Version | undefined>
  /** For tests: runs between the read and the commit. */
  readonly beforeCommit?: (() => Promise<void>) | undefined
}

/** Inserts and replaces by id, in one commit; of rows with the same id the last one stays. */
export async function applyIndex(
  target: Target,
  asked: readonly Asked<Change & { kind: 'index' }>[],
): Promise<number> {
  const first = asked.find(({ change }) => change.rows.length > 0)?.change.rows[0]
  if (first === undefined) {
    for (const { resolve } of asked) resolve({ indexed: 0 })
    return 0
  }
  const version = await created(target, first.vector.length)
  const { dim } = version
  const fitting = asked.filter(({ change, reject }) => {
    const wrong = change.rows.find(({ vector }) => vector.length !== dim)
    if (wrong !== undefined) reject(wrongLength(wrong, dim))
    return wrong === undefined
  })
  const rows = new Map<string, Row>()
  for (const { change } of fitting) for (const row of change.rows) rows.set(row.id, row)
  await upsert(target, version, [...rows.values()])
  for (const { change, resolve } of fitting) resolve({ indexed: change.rows.length })
  return rows.size
}

/** Replaces the given fields of existing Documents, in one commit. */
export async function applyUpdate(
  target: Target,
  asked: readonly Asked<Change & { kind: 'update' }>[],
): Promise<number> {
  const version = await target.latest()
  const ids = new Set(asked.flatMap(({ change }) => change.documents.map(({ id }) => id)))
  const stored = version === undefined ? new Map<string, StoredRow>() : await readDocuments(version, ids)
  const rows = new Map<string, Row>()
  const settled: (() => void)[] = []
  for (const { change, resolve, reject } of asked) {
    const changed = new Map<string, Row>()
    const missing: string[] = []
    try {
      for (const given of change.documents) {
        const row = changed.get(given.id) ?? rows.get(given.id) ?? stored.get(given.id)
        if (row === undefined) missing.push(given.id)
        else changed.set(given.id, updated(row, given, { dim: version!.dim, rules: target.rules }))
      }
    } catch (error) {
      reject(error)
      continue
    }
    for (const [id, row] of changed) rows.set(id, row)
    settled.push(() => resolve({ updated: changed.size, missing }))
  }
  await upsert(target, version, [...rows.values()])
  for (const settle of settled) settle()
  return rows.size
}

/** Deletes by id; unknown ids are no error. */
export async function applyDelete(
  target: Target,
  asked: readonly Asked<Change & { kind: 'delete' }>[],
): Promise<number> {
  const version = await target.latest()
  const ids = new Set(asked.flatMap(({ change }) => change.ids))
  const present = version === undefined ? new Map<string, StoredRow>() : await readDocuments(version, ids)
  await remove(target, version, [...present.keys()])
  for (const { change, resolve } of asked) {
    resolve({ deleted: new Set(change.ids.filter((id) => present.has(id))).size })
  }
  return present.size
}

/** Deletes what passes a filter. */
export async function applyDeleteWhere(
  target: Target,
  { change, resolve }: Asked<Change & { kind: 'delete-where' }>,
): Promise<number> {
  const version = await target.latest()
  const ids = version === undefined ? [] : await passingIds(version, change.condition, change.signal)
  await remove(target, version, ids)
  resolve({ deleted: ids.length })
  return ids.length
}

function updated(stored: StoredRow, given: Document, { dim, rules }: { dim: number; rules: RowRules }): Row {
  const document = documentOf(stored, true)
  replaceFields(document, given)
  const row = rowOf(document, given.embedding === undefined ? { ...rules, embeddings: anyEmbedding } : rules)
  if (row.vector.length !== dim) throw wrongLength(row, dim)
  return row
}

/** The newest version of the table, which is created when there is none. */
async function created(target: Target, dim: number): Promise<Version> {
  const present = await target.latest()
  if (present !== undefined) return present
  await target.store.create(dim, target.writer)
  const made = await target.latest()
  if (made !== undefined) return made
  throw new MillraceError('INTERNAL', `The table created in ${target.store.folder} does not exist.`)
}

async function upsert(target: Target, version: Version | undefined, rows: readonly Row[]): Promise<void> {
  if (version === undefined || rows.length === 0) return
  const { known, rules } = target
  await known.reach(version)
  const areNew = !rows.some(({ id }) => known.has(id))
  for (const { id } of rows) known.add(id)
  const batch = encodeRows(await loadEngine(), rows, { columns: rules.columns, commit: version.number + 1 })
  await target.beforeCommit?.()
  const { live } = version
  const committed = areNew
    ? await live.add(batch)
    : await live.mergeInsert('id').whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(batch)
  known.committed(version, committed.version)
}

async function remove(target: Target, version: Version | undefined, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += idsAtOnce) {
    await target.beforeCommit?.()
    await version!.live.delete(withIds(ids.slice(from, from + idsAtOnce)))
  }
}

function wrongLength({ id, vector }: Row, dim: number): MillraceError {
  return new MillraceError(
    'INVALID_INPUT',
    `Document ${id} has an embedding of ${vector.length} numbers, but the index has ${dim}.`,
  )
}
