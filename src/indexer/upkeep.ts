import type { Table } from '@lancedb/lancedb'
import { loadEngine } from './engine.js'
import { removeOldGenerations } from './folder.js'
import type { ResolvedOptions } from './options.js'
import type { Version } from './store.js'
import type { Target } from './writes.js'

type UpkeepOptions = Pick<ResolvedOptions, 'metric' | 'index' | 'compactAfter' | 'keepVersionsMs'>

/** Commits between two looks at how many files there are. */
const lookEvery = 16

/** How many times `compactAfter` files or commits there may be at most, however little is in them. */
const filesAtMost = 8

/**
 * Joins small files, removes versions that nobody reads any more, and keeps the approximate index near the rows. For the
 * holder of the writer's lock only.
 */
export class Upkeep {
  readonly #options: UpkeepOptions
  #commits = 0
  #rows = 0

  constructor(options: UpkeepOptions) {
    this.#options = options
  }

  /**
   * After a group of commits that wrote `rows` rows. Joining rewrites what is joined, so it waits until a fair part of the
   * table is new: each row is then rewritten a few times in its life, not once for every few commits.
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
    // deletes make no files, but versions
    if (worth || files >= most || this.#commits >= most) await this.run(target, version)
  }

  /** All of it, now. */
  async run(target: Target, known?: Version): Promise<void> {
    const { keepVersionsMs, index } = this.#options
    const version = known ?? (await target.latest())
    if (version === undefined) return
    const table = version.live
    this.#commits = 0
    this.#rows = 0
    if (index !== undefined) await this.#index(table)
    await table.optimize({ cleanupOlderThan: new Date(Date.now() - keepVersionsMs) })
    await removeOldGenerations(target.store.folder, { writer: target.writer, keepMs: keepVersionsMs })
  }

  /** `optimize` takes new rows into an index that is there. */
  async #index(table: Table): Promise<void> {
    const { index, metric } = this.#options
    if ((await table.countRows()) < index!.after) return
    const indices = await table.listIndices()
    if (indices.some(({ columns }) => columns.includes('vector'))) return
    const { lance } = await loadEngine()
    const options = { distanceType: metric }
    const configs = {
      ivf_flat: () => lance.Index.ivfFlat(options),
      ivf_pq: () => lance.Index.ivfPq(options),
      ivf_hnsw_sq: () => lance.Index.hnswSq(options),
      ivf_hnsw_pq: () => lance.Index.hnswPq(options),
    }
    await table.createIndex('vector', { config: configs[index!.kind]() })
  }
}
