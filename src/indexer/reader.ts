import { MillraceError } from '../errors.js'
import { Rescoring } from './candidates.js'
import { loadEngine } from './engine.js'
import { SerialQueue } from '../lib/serial-queue.js'
import { Lengths } from './lengths.js'
import { Memory } from './memory.js'
import type { ResolvedOptions } from './options.js'
import { type Condition, type Question, requireWanted } from './question.js'
import { idsOf, type StoredRow, storedColumns } from './rows.js'
import { passing, readDocuments, searchDisk } from './search-disk.js'
import { searchIndex } from './search-index.js'
import { type Hit, searchMemory } from './search-memory.js'
import { isForScan, searchScan } from './search-scan.js'
import type { Store, Version } from './store.js'
import { Turns } from './turns.js'

type ReaderOptions = Pick<ResolvedOptions, 'metric' | 'index' | 'cacheBytes' | 'columns'>

/**
 * Answers each question from a single version of the table. Small tables are kept in memory, which questions use one at a
 * time, each updating it to its version; large tables are read from disk, by any number of questions at once.
 */
export class Reader {
  readonly #store: Store
  readonly #options: ReaderOptions
  readonly #memory: Memory
  readonly #lengths = new Lengths()
  readonly #rescoring = new Rescoring()
  readonly #turns = new SerialQueue()
  /** Row count with which the table did not fit into memory. */
  #tooMany = Infinity

  constructor(store: Store, options: ReaderOptions) {
    this.#store = store
    this.#options = options
    this.#memory = new Memory(options.columns)
  }

  /** Updates memory to the newest version, if there is one and it fits. */
  async warmUp(): Promise<void> {
    await loadEngine()
    await this.#inMemory(() => Promise.resolve())
  }

  /** The nearest rows of each probe, best first. Throws INVALID_INPUT for probes of another length than the table's. */
  search(question: Question): Promise<Hit[][]> {
    const { metric } = this.#options
    return this.#again(async (version) => {
      if (version === undefined) return question.probes.map(() => [])
      requireDim(version, question)
      const refine = await this.#refineOf(version, question)
      if (refine !== undefined)
        return searchIndex(version, { metric, question, refine, rescoring: this.#rescoring })
      const fromMemory = await this.#inMemory((newest) => {
        requireDim(newest, question)
        return searchMemory(this.#memory, { metric, question })
      }, version)
      return fromMemory ?? this.#fromDisk(version, question)
    })
  }

  async #fromDisk(version: Version, question: Question): Promise<Hit[][]> {
    const { metric } = this.#options
    const rescoring = this.#rescoring
    if (isForScan(question, await version.table.countRows())) {
      const lengths = await this.#lengths.of(version)
      const hits = await searchScan(version, { metric, question, lengths, rescoring })
      if (hits !== undefined) return hits
    }
    return searchDisk(version, { metric, question })
  }

  /** The rows with these ids, by id. */
  get(ids: ReadonlySet<string>): Promise<Map<string, StoredRow>> {
    return this.#again(async (version) => {
      if (version === undefined) return new Map<string, StoredRow>()
      const fromMemory = await this.#inMemory(async () => {
        const slots = Array.from(ids, (id) => this.#memory.slotOf(id)).filter((slot) => slot !== undefined)
        return new Map(slots.map((slot) => [this.#memory.ids[slot]!, this.#memory.rowAt(slot)]))
      }, version)
      return fromMemory ?? readDocuments(version, ids)
    })
  }

  /** How many rows pass the condition. */
  count(condition: Condition | undefined, signal: AbortSignal): Promise<number> {
    return this.#again(async (version) => {
      if (version === undefined) return 0
      if (condition === undefined || condition.exact) return version.table.countRows(condition?.sql)
      return (await passingIds(version, condition, signal)).length
    })
  }

  /** Candidates for each match when the question uses the approximate index; undefined when it does not. */
  async #refineOf({ table }: Version, { exact, condition }: Question): Promise<number | undefined> {
    const { index } = this.#options
    if (index === undefined || exact || condition?.exact === false) return undefined
    if ((await table.countRows()) < index.after) return undefined
    return index.refine
  }

  /**
   * Runs `use` while memory holds `known`, or the newest version where memory is already past `known`; undefined when the
   * table is too large.
   */
  async #inMemory<T>(use: (version: Version) => Promise<T>, known?: Version): Promise<T | undefined> {
    const { cacheBytes } = this.#options
    // a second look for a newer version would cost more than a tenth of a query from disk
    if (known !== undefined && (await this.#isTooLarge(known))) return undefined
    return this.#turns.run(async () => {
      const version = known !== undefined && this.#memory.leadsTo(known) ? known : await this.#store.latest()
      if (version === undefined || (await this.#isTooLarge(version))) return undefined
      this.#tooMany = Infinity
      if (await this.#memory.reach(version, cacheBytes)) return use(version)
      this.#tooMany = await version.table.countRows()
      return undefined
    })
  }

  /** Whether a version has about as many rows as one that did not fit into memory. */
  async #isTooLarge({ table }: Version): Promise<boolean> {
    return this.#tooMany < Infinity && (await table.countRows()) >= this.#tooMany * 0.9
  }

  /** Repeats a slow read with the newest version when its own version was removed meanwhile. */
  async #again<T>(read: (version: Version | undefined) => Promise<T>): Promise<T> {
    const version = await this.#store.latest()
    try {
      return await read(version)
    } catch (error) {
      if (MillraceError.is(error)) throw error
      const newest = await this.#store.latest({ exactly: true })
      if (newest === version) throw error
      return read(newest)
    }
  }
}

function requireDim({ dim }: Version, { probes }: Question): void {
  const wrong = probes.find(({ vector }) => vector.length !== dim)
  if (wrong === undefined) return
  throw new MillraceError(
    'INVALID_INPUT',
    `A query has an embedding of ${wrong.vector.length} numbers, but the index has ${dim}.`,
  )
}

/** Ids of the rows that pass a condition, SQL or not. */
export async function passingIds(
  { table }: Version,
  condition: Condition,
  signal: AbortSignal,
): Promise<string[]> {
  const { sql, exact } = condition
  const query = table.query().select(exact ? ['id'] : storedColumns)
  if (sql !== undefined) query.where(sql)
  const ids: string[] = []
  const turns = new Turns(signal)
  for await (const batch of query) {
    requireWanted(signal)
    const mask = exact ? undefined : await passing(batch, condition, turns)
    for (const [row, id] of idsOf(batch).entries()) if (mask?.[row] !== 0) ids.push(id)
  }
  return ids
}
