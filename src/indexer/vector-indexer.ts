import { Document, DocumentArray } from '../document/index.js'
import type { HandlerContext } from '../executor/context.js'
import { MillraceError } from '../errors.js'
import { Executor } from '../executor/executor.js'
import type { StaticRequests } from '../executor/options.js'
import { requireEngine } from './engine.js'
import { requireScore, vectorOf } from './embedding.js'
import type { Metric } from './metric.js'
import { resolveOptions, type ResolvedOptions, type VectorIndexerOptions } from './options.js'
import { rowsOf } from './given-rows.js'
import { flagOf, idsAmong, limitOf, nameOf, requireKnown } from './parameters.js'
import { conditionOf, deletedBy } from './question.js'
import { Reader } from './reader.js'
import { documentOf } from './rows.js'
import type { Hit } from './search-memory.js'
import { type SnapshotLocation, restoreSnapshot, takeSnapshot } from './snapshot.js'
import { Store } from './store.js'
import { probeOf } from './vectors.js'
import type { Outcome } from './writes.js'
import { Writer } from './writer.js'

/** The signal of reads that nobody aborts. */
const never = new AbortController().signal

/** How an executor orders its matches, for the merge of the matches of several shards. */
export interface Ranking {
  readonly limit?: number
  /** Name of the score. */
  readonly by?: string
  readonly order?: 'ascending' | 'descending'
}

/**
 * Stores Documents by id and finds the nearest ones by their embeddings: one shard of a durable index in its `workspace`,
 * on LanceDB. Replicas of a shard share that folder; each sees the writes of the others. docs/indexer.md describes the
 * endpoints and their guarantees.
 *
 * Throws UNKNOWN_OPTION, INVALID_OPTION, and MODULE_NOT_FOUND where LanceDB is not installed.
 *
 * @example
 * new Flow().add({ name: 'index', uses: VectorIndexer, usesWith: { metric: 'cosine', columns: { year: 'int' } } })
 */
export class VectorIndexer extends Executor {
  static override module: string = import.meta.url
  static override sharedWorkspace = true
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
    const commits = this.metrics.counter('millrace_index_commits_total')
    const onCommit = (): void => commits.add(1)
    this.#writer = new Writer({ store: this.#store, options: this.#options, logger: this.logger, onCommit })
    this.metrics.gauge('millrace_index_documents', { read: () => this.#reader.count(undefined, never) })
  }

  /** Loads LanceDB, and the rows that fit into memory. */
  override async warmUp(): Promise<void> {
    await this.#reader.warmUp()
  }

  /** Stores Documents and replaces those with the same ids. Returns `{ indexed }`. */
  async index(docs: DocumentArray, { parameters = {} }: Partial<HandlerContext> = {}): Promise<Outcome> {
    requireKnown('/index', parameters)
    const withEmbeddings = flagOf(parameters, 'includeEmbeddings', true)
    const outcome = await this.#writer.submit({ kind: 'index', rows: rowsOf(docs, this.#options) })
    if (!withEmbeddings) dropEmbeddings(docs)
    return outcome
  }

  /** Replaces the given fields of existing Documents. Returns `{ updated, missing }`: `missing` lists the ids not found. */
  async update(docs: DocumentArray, { parameters = {} }: Partial<HandlerContext> = {}): Promise<Outcome> {
    requireKnown('/update', parameters)
    const withEmbeddings = flagOf(parameters, 'includeEmbeddings', true)
    const outcome = await this.#writer.submit({ kind: 'update', documents: [...docs] })
    if (!withEmbeddings) dropEmbeddings(docs)
    return outcome
  }

  /**
   * Deletes the Documents with these ids, those in `parameters.ids`, and those that pass `parameters.filter`. INVALID_INPUT
   * for a filter that passes every Document, unless `parameters.all` is given. INVALID_INPUT, with several shards, for
   * Documents together with ids or a filter: Documents may decide which shards receive the request, and the rest would be
   * deleted from these alone.
   */
  async delete(docs: DocumentArray, { parameters, signal }: HandlerContext): Promise<Outcome> {
    requireKnown('/delete', parameters)
    const ids = [...Array.from(docs, ({ id }) => id), ...idsAmong(parameters)]
    const condition = deletedBy(parameters, { columns: this.#options.columns, hasIds: ids.length > 0 })
    const isMixed = docs.length > 0 && (ids.length > docs.length || condition !== undefined)
    if (isMixed && this.runtimeArgs.shards > 1) {
      throw new MillraceError(
        'INVALID_INPUT',
        'VectorIndexer: with several shards, ids and filter cannot be combined with documents. Send two requests.',
      )
    }
    const byId = this.#writer.submit({ kind: 'delete', ids })
    if (condition === undefined) return byId
    const byFilter = this.#writer.submit({ kind: 'delete-where', condition, signal })
    const outcomes = await Promise.all([byId, byFilter])
    return { deleted: outcomes.reduce((sum, { deleted }) => sum + Number(deleted), 0) }
  }

  /** Sets the `matches` of each Document to its nearest ones, closest first. */
  async search(docs: DocumentArray, { parameters, signal }: HandlerContext): Promise<void> {
    requireKnown('/search', parameters)
    const { metric, columns, limit, embeddings } = this.#options
    const withEmbeddings = flagOf(parameters, 'includeEmbeddings', false)
    const vectors = Array.from(docs, (document) => vectorOf(document))
    for (const [at, vector] of vectors.entries()) requireScore(docs.at(at)!, vector, embeddings)
    const found = await this.#reader.search({
      probes: vectors.map(probeOf),
      limit: limitOf(parameters, limit),
      exact: flagOf(parameters, 'exact', false),
      withEmbeddings,
      condition: conditionOf(parameters, columns),
      signal,
    })
    for (const [index, document] of [...docs].entries()) {
      document.matches = found[index]!.map((hit) => matchOf(hit, { metric, withEmbeddings }))
    }
  }

  /** Returns the Documents with these ids, in their order; for an id that is not stored, a Document with only the id. */
  async get(docs: DocumentArray, { parameters }: HandlerContext): Promise<DocumentArray> {
    requireKnown('/get', parameters)
    const withEmbeddings = flagOf(parameters, 'includeEmbeddings', true)
    const rows = await this.#reader.get(new Set(Array.from(docs, ({ id }) => id)))
    return new DocumentArray(
      Array.from(docs, ({ id }) => {
        const row = rows.get(id)
        return row === undefined ? new Document({ id }) : documentOf(row, withEmbeddings)
      }),
    )
  }

  /** Returns `{ count }`: how many Documents there are, or how many pass `parameters.filter`. */
  async count(_docs: DocumentArray, { parameters, signal }: HandlerContext): Promise<Outcome> {
    requireKnown('/count', parameters)
    return { count: await this.#reader.count(conditionOf(parameters, this.#options.columns), signal) }
  }

  /** Compacts small files, removes versions that are no longer read, builds or completes the approximate index. */
  async flush(_docs?: DocumentArray, { parameters = {} }: Partial<HandlerContext> = {}): Promise<Outcome> {
    requireKnown('/flush', parameters)
    return this.#writer.flush()
  }

  /** Copies this shard into the snapshot `parameters.name`, in the folder of the option `snapshots`. */
  async snapshot(_docs: DocumentArray, { parameters }: HandlerContext): Promise<Outcome> {
    requireKnown('/snapshot', parameters)
    const location = this.#snapshotLocation(parameters)
    const take = async (): Promise<Outcome> => {
      await takeSnapshot(this.#store, location)
      return { snapshot: location.name }
    }
    return this.#writer.exclusively(take, { isRead: true })
  }

  /** Replaces everything stored with the snapshot `parameters.name`. */
  async restore(_docs: DocumentArray, { parameters }: HandlerContext): Promise<Outcome> {
    requireKnown('/restore', parameters)
    const location = this.#snapshotLocation(parameters)
    return this.#writer.exclusively(async ({ writer }) => {
      await restoreSnapshot(this.#store, { ...location, keepMs: this.#options.keepVersionsMs, writer })
      return { restored: location.name }
    })
  }

  override async close(): Promise<void> {
    await this.#writer.close()
    this.#store.close()
  }

  #snapshotLocation(parameters: Readonly<Record<string, unknown>>): SnapshotLocation {
    const { snapshots } = this.#options
    if (snapshots === undefined) {
      throw new MillraceError(
        'INVALID_INPUT',
        "VectorIndexer: snapshots are off; name a folder for them with usesWith: { snapshots: '/path/of/a/folder' }.",
      )
    }
    const { shardId: shard, shards } = this.runtimeArgs
    return { folder: snapshots, name: nameOf(parameters), shard, shards }
  }
}

function dropEmbeddings(docs: DocumentArray): void {
  for (const document of docs) document.embedding = undefined
}

function matchOf(
  hit: Hit,
  { metric, withEmbeddings }: { metric: Metric; withEmbeddings: boolean },
): Document {
  const match = documentOf(hit, withEmbeddings)
  match.scores = { ...match.scores, [metric]: { value: hit.score } }
  match.matches = undefined
  return match
}
