import { loadEngine } from './engine.js'
import { removeOldGenerations } from './folder.js'
import type { ResolvedOptions } from './options.js'
import type { Version } from './store.js'
import type { Target } from './writes.js'

type UpkeepOptions = Pick<ResolvedOptions, 'metric' | 'index' | 'compactAfter' | 'keepVersionsMs'>

/** Commits between two counts of the files. */
const lookEvery = 16

/** Upper limit of files or commits, as a multiple of `compactAfter`, however few rows they hold. */
const filesAtMost = 8

/**
 * Compacts small files, removes versions that are no longer read, and keeps the approximate index up to date. Only for the
 * holder of the writer lock.
 */
export class Upkeep {
  readonly #options: UpkeepOptions
  #commits = 0
  #rows = 0

  constructor(options: UpkeepOptions) {
    this.#options = options
  }

  /**
   * Runs after a group of commits that wrote `rows` rows. Compaction rewrites the files it joins, so it waits until a fair
   * part of the table is new: a row is then rewritten a few times in total, not once every few commits.
   */
  async after(target: Target, rows: number): Promise<void> {
    this.#commits += 1
    this.#rows += rows
    if (this.#commits % lookEvery !== 0) return
    const version = await target.latest()
    if (version === undefined) return
    const { numRows, fragmentStats } = await version.live.stats()
    const { compactAfter } = this.#options
    const most = compactAfter * filesAtMost
    const files = fragmentStats.numFragments
    const worth = files >= compactAfter && this.#rows * 4 >= numRows
    // deletes add versions, but no files
    if (worth || files >= most || this.#commits >= most) await this.run(target, version)
  }

  /** Does all upkeep now. */
  async run(target: Target, known?: Version): Promise<void> {
    const { keepVersionsMs, index } = this.#options
    const version = known ?? (await target.latest())
    if (version === undefined) return
    const table = version.live
    this.#commits = 0
    this.#rows = 0
    if (index !== undefined) await this.#index(version)
    await table.optimize({ cleanupOlderThan: new Date(Date.now() - keepVersionsMs) })
    await removeOldGenerations(target.store.folder, { writer: target.writer, keepMs: keepVersionsMs })
  }

  /** `optimize` adds new rows to an existing index. */
  async #index({ live: table, dim }: Version): Promise<void> {
    const { index, metric } = this.#options
    if ((await table.countRows()) < index!.after) return
    const indices = await table.listIndices()
    if (indices.some(({ columns }) => columns.includes('vector'))) return
    const { lance } = await loadEngine()
    const options = { distanceType: metric }
    const quantized = { ...options, numSubVectors: subVectors(dim) }
    const configs = {
      ivf_flat: () => lance.Index.ivfFlat(options),
      ivf_pq: () => lance.Index.ivfPq(quantized),
      ivf_hnsw_sq: () => lance.Index.hnswSq(options),
      ivf_hnsw_pq: () => lance.Index.hnswPq(quantized),
    }
    await table.createIndex('vector', { config: configs[index!.kind]() })
  }
}

/**
 * The number of parts that product quantization makes of an embedding: parts of 8 values, or of the largest number below 8
 * that divides `dim`. LanceDB's own default is parts of 16 values, and a single part where 8 does not divide `dim`: all
 * embeddings then share 256 codes, and a search misses up to 4 of 10 matches.
 */
export function subVectors(dim: number): number {
  let size = Math.min(8, dim)
  while (dim % size !== 0) size -= 1
  return dim / size
}
