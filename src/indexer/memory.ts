import type { Table } from '@lancedb/lancedb'
import { columnNames, type Tags, tagsOf } from './columns.js'
import type { Columns } from './options.js'
import { idsOf, type StoredRow, storedColumns, storedRows } from './rows.js'
import type { Version } from './store.js'
import { Vectors } from './vectors.js'

/** Id, tags and places of a row in memory, about. */
const rowBytes = 160

/**
 * All rows of one version in memory, in no particular order.
 *
 * A later version is reached by what was committed since: rows carry the number of their commit, and of rows that were
 * deleted the count tells.
 */
export class Memory {
  generation = ''
  number = -1
  readonly ids: string[] = []
  readonly documents: Uint8Array[] = []
  /** The tags that are columns. */
  readonly tags: Tags[] = []
  readonly #columns: Columns
  #places = new Map<string, number>()
  #vectors = new Vectors(1)
  #documentBytes = 0

  constructor(columns: Columns) {
    this.#columns = columns
  }

  get length(): number {
    return this.ids.length
  }

  /** Bytes, nearly. */
  get size(): number {
    return this.#vectors.byteLength + this.#documentBytes + this.length * rowBytes
  }

  get vectors(): Vectors {
    return this.#vectors
  }

  placeOf(id: string): number | undefined {
    return this.#places.get(id)
  }

  rowAt(place: number): StoredRow {
    return { id: this.ids[place]!, document: this.documents[place]!, vector: this.#vectors.get(place) }
  }

  /** Becomes what a version holds; false as soon as that is more than `maxBytes`. */
  async reach(version: Version, maxBytes: number): Promise<boolean> {
    const { generation, number, table, dim } = version
    if (generation === this.generation && number === this.number) return true
    if (generation !== this.generation || number < this.number) this.#clear(dim)
    // before any memory is taken: 4 bytes a number, and what every row has beside
    if ((await table.countRows()) * (4 * dim + rowBytes) > maxBytes) {
      this.#clear(dim)
      return false
    }
    const since = this.number
    // what an error leaves behind is not a version
    this.number = -1
    if (!(await this.#add(table, since, maxBytes))) {
      this.#clear(dim)
      return false
    }
    if (this.length !== (await table.countRows())) await this.#keepOnly(table)
    this.generation = generation
    this.number = number
    return true
  }

  async #add(table: Table, since: number, maxBytes: number): Promise<boolean> {
    const query = table.query().select([...storedColumns, ...columnNames(this.#columns)])
    if (since >= 0) query.where(`commit > ${since}`)
    else this.#vectors.reserve(await table.countRows())
    for await (const batch of query) {
      const tags = tagsOf(batch, this.#columns)
      let at = 0
      for (const row of storedRows(batch)) this.#put(row, tags[at++]!)
      if (this.size > maxBytes) return false
    }
    return true
  }

  async #keepOnly(table: Table): Promise<void> {
    const kept = new Set<string>()
    for await (const batch of table.query().select(['id'])) for (const id of idsOf(batch)) kept.add(id)
    for (let place = this.length - 1; place >= 0; place--)
      if (!kept.has(this.ids[place]!)) this.#remove(place)
  }

  #clear(dim: number): void {
    this.generation = ''
    this.number = -1
    this.ids.length = 0
    this.documents.length = 0
    this.tags.length = 0
    this.#places = new Map()
    this.#vectors = new Vectors(dim)
    this.#documentBytes = 0
  }

  #put({ id, vector, document }: StoredRow, tags: Tags): void {
    let place = this.#places.get(id)
    if (place === undefined) {
      place = this.length
      this.#places.set(id, place)
      this.ids.push(id)
      if (this.#vectors.capacity <= place) this.#vectors.reserve(Math.max(64, Math.ceil(place * 1.5)))
    } else this.#documentBytes -= this.documents[place]!.length
    this.documents[place] = document
    this.tags[place] = tags
    this.#documentBytes += document.length
    this.#vectors.set(place, vector)
  }

  /** The last row takes the place of the one that goes. */
  #remove(place: number): void {
    const last = this.length - 1
    const moved = this.ids[last]!
    this.#places.delete(this.ids[place]!)
    this.#documentBytes -= this.documents[place]!.length
    if (place !== last) {
      this.ids[place] = moved
      this.documents[place] = this.documents[last]!
      this.tags[place] = this.tags[last]!
      this.#places.set(moved, place)
      this.#vectors.move(last, place)
    }
    this.ids.pop()
    this.documents.pop()
    this.tags.pop()
  }
}
