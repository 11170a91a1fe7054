import { Document, DocumentArray, NdArray } from '../document/index.js'
import type { HandlerContext } from '../executor/context.js'
import { MillraceError } from '../errors.js'
import { Executor } from '../executor/executor.js'
import type { StaticRequests } from '../executor/options.js'
import { requireEngine } from './engine.js'
import { vectorOf } from './embedding.js'
import type { Metric } from './metric.js'
import { resolveOptions, type ResolvedOptions, type VectorIndexerOptions } from './options.js'
import { conditionOf, flagOf, idsAmong, limitOf, pathOf } from './question.js'
import { Reader } from './reader.js'
import { documentOf, rowOf } from './rows.js'
import type { Hit } from './search-memory.js'
import { restoreSnapshot, takeSnapshot } from './snapshot.js'
import { Store } from './store.js'
import { probeOf } from './vectors.js'
import type { Outcome } from './writes.js'
import { Writer } from './writer.js'

/** How the matches that an executor finds are ordered, for whoever merges those of several shards. */
export interface Ranking {
  readonly limit?: number
  /** Name of the score. */
  readonly by?: string
  readonly order?: 'ascending' | 'descending'
}

/**
 * Stores Documents by id and finds the nearest ones by their embeddings: one shard of a durable index in its `workspace`,
 * on LanceDB. Replicas of a shard share that folder; each sees what the others have written. docs/indexer.md has the
 * endpoints and what they promise.
 *
 * Throws UNKNOWN_OPTION, INVALID_OPTION, and MODULE_NOT_FOUND where LanceDB is not installed.
 *
 * @example
 * new Flow().add({ name: 'index', uses: VectorIndexer, usesWith: { metric: 'cosine', columns: { year: 'int' } } })
 */
export class VectorIndexer extends Executor {
  static override module: string = import.meta.url
  static override requests: StaticRequests = {
    '/index': { method: 'index', write: true },
    '/update': { method: 'update', write: true },
    '/delete': { method: 'delete', write: true },
    '/search': 'search',
    '/get': 'get',
    '/count': 'count',
    '/flush': { method: 'flush', write: true },
    '/snapshot': { method: 'snapshot', write: true },
    '/restore': { method: 'restore', write: true },
  }

  override readonly ranking: Ranking
  readonly #options: ResolvedOptions
  readonly #store: Store
  readonly #reader: Reader
  readonly #writer: Writer

  constructor(options: VectorIndexerOptions = {}) {
    super({ ...options })
    this.#options = resolveOptions(options)
    requireEngine()
    const { metric, limit } = this.#options
    this.ranking = { limit, by: metric, order: 'ascending' }
    this.#store = new Store({ folder: this.workspace, options: this.#options })
    this.#reader = new Reader(this.#store, this.#options)
    this.#writer = new Writer({ store: this.#store, options: this.#options, logger: this.logger })
  }

  /** Loads LanceDB, and the rows that fit into memory. */
  override async warmUp(): Promise<void> {
    await this.#reader.warmUp()
  }

  /** Stores Documents, in place of those with their ids. Gives `{ indexed }`. */
  async index(docs: DocumentArray): Promise<Outcome> {
    const rows = Array.from(docs, (document) => rowOf(document, this.#options.columns))
    return this.#writer.submit({ kind: 'index', rows })
  }

  /** Replaces the fields that are given, in Documents that are there. Gives `{ updated, missing }`, the ids that are not. */
  async update(docs: DocumentArray): Promise<Outcome> {
    return this.#writer.submit({ kind: 'update', documents: [...docs] })
  }

  /**
   * Deletes the Documents with these ids, those in `parameters.ids`, and those that pass `parameters.filter`. With several
   * shards INVALID_INPUT for Documents beside the others: they may decide which shards are asked, and the others would be
   * deleted in these alone.
   */
  async delete(docs: DocumentArray, { parameters, signal }: HandlerContext): Promise<Outcome> {
    const ids = [...Array.from(docs, ({ id }) => id), ...idsAmong(parameters)]
    const condition = conditionOf(parameters, this.#options.columns)
    const isMixed = docs.length > 0 && (ids.length > docs.length || condition !== undefined)
    if (isMixed && this.runtimeArgs.shards > 1) {
      throw new MillraceError(
        'INVALID_INPUT',
        'VectorIndexer: with several shards, ids and filter are for a request without documents. Send two requests.',
      )
    }
    const byId = this.#writer.submit({ kind: 'delete', ids })
    if (condition === undefined) return byId
    const byFilter = this.#writer.submit({ kind: 'delete-where', condition, signal })
    const outcomes = await Promise.all([byId, byFilter])
    return { deleted: outcomes.reduce((sum, { deleted }) => sum + Number(deleted), 0) }
  }

  /** Gives each Document its nearest ones as `matches`, the closest first. */
  async search(docs: DocumentArray, { parameters, signal }: HandlerContext): Promise<void> {
    const { metric, columns, limit } = this.#options
    const withEmbeddings = flagOf(parameters, 'includeEmbeddings', false)
    const found = await this.#reader.search({
      probes: Array.from(docs, (document) => probeOf(vectorOf(document))),
      limit: limitOf(parameters, limit),
      exact: flagOf(parameters, 'exact', false),
      condition: conditionOf(parameters, columns),
      signal,
    })
    for (const [index, document] of [...docs].entries()) {
      document.matches = found[index]!.map((hit) => matchOf(hit, { metric, withEmbeddings }))
    }
  }

  /** Gives what is stored under the ids, in their order; of an id that is not stored, a Document with nothing but the id. */
  async get(docs: DocumentArray, { parameters }: HandlerContext): Promise<DocumentArray> {
    const withEmbeddings = flagOf(parameters, 'includeEmbeddings', true)
    const rows = await this.#reader.get(new Set(Array.from(docs, ({ id }) => id)))
    return new DocumentArray(
      Array.from(docs, ({ id }) => {
        const row = rows.get(id)
        return row === undefined ? new Document({ id }) : documentOf(row, withEmbeddings)
      }),
    )
  }

  /** Gives `{ count }`: how many Documents there are, or how many pass `parameters.filter`. */
  async count(_docs: DocumentArray, { parameters, signal }: HandlerContext): Promise<Outcome> {
    return { count: await this.#reader.count(conditionOf(parameters, this.#options.columns), signal) }
  }

  /** Joins small files, removes versions that nobody reads, builds or completes the approximate index. */
  async flush(): Promise<Outcome> {
    return this.#writer.flush()
  }

  /** Copies this shard into `parameters.path`/SHARD. */
  async snapshot(_docs: DocumentArray, { parameters }: HandlerContext): Promise<Outcome> {
    const path = pathOf(parameters)
    return this.#writer.exclusively(async () => {
      await takeSnapshot(this.#store, { path, ...this.#place })
      return { snapshot: path }
    })
  }

  /** Puts what is in `parameters.path`/SHARD in the place of everything that is stored. */
  async restore(_docs: DocumentArray, { parameters }: HandlerContext): Promise<Outcome> {
    const path = pathOf(parameters)
    return this.#writer.exclusively(async () => {
      await restoreSnapshot(this.#store, { path, ...this.#place, keepMs: this.#options.keepVersionsMs })
      return { restored: path }
    })
  }

  override async close(): Promise<void> {
    await this.#writer.close()
    this.#store.close()
  }

  get #place(): { shard: number; shards: number } {
    return { shard: this.runtimeArgs.shardId, shards: this.runtimeArgs.shards }
  }
}

function matchOf(
  hit: Hit,
  { metric, withEmbeddings }: { metric: Metric; withEmbeddings: boolean },
): Document {
  const match = documentOf(hit, false)
  match.scores = { ...match.scores, [metric]: { value: hit.score } }
  match.matches = undefined
  if (withEmbeddings) match.embedding = new NdArray({ data: hit.vector })
  return match
}
