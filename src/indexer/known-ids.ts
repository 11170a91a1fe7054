import { IdSet } from './id-set.js'
import { idsOf } from './rows.js'
import type { Version } from './store.js'

/**
 * The ids that a table may have. Rows with other ids can be appended, which costs at most a third of a merge: a merge compares
 * its ids with those of the whole table.
 *
 * 1. After `reach(version)`, `has` is true for every id of that version. It may be true for others: deleted ones, and those of
 *    writes that failed.
 */
export class KnownIds {
  readonly #ids: IdSet
  #generation = ''
  /** The set has every id of this version. */
  #number = -1

  constructor(maxBytes: number) {
    this.#ids = new IdSet(maxBytes)
  }

  /** Reads the ids that were committed since the last call. */
  async reach({ generation, number, table }: Version): Promise<void> {
    if (generation !== this.#generation || number < this.#number) {
      this.#ids.clear()
      this.#generation = ''
      this.#number = -1
      this.#ids.reserve(await table.countRows())
    }
    if (number !== this.#number && !this.#ids.holdsAll) {
      const query = table.query().select(['id'])
      if (this.#number >= 0) query.where(`commit > ${this.#number}`)
      for await (const batch of query) for (const id of idsOf(batch)) this.#ids.add(id)
    }
    this.#generation = generation
    this.#number = number
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  /** Before the commit: a commit that fails may have been stored. */
  add(id: string): void {
    this.#ids.add(id)
  }

  /** A commit on top of `version`, whose ids were added, became version `number` of its generation. */
  committed({ generation, number: before }: Version, number: number): void {
    if (generation === this.#generation && before === this.#number && number === before + 1)
      this.#number = number
  }
}
