import type { Table } from '@lancedb/lancedb'
import { type Block, normOf } from './metric.js'
import { type Columns } from './options.js'
import { idsOf, type StoredRow, storedColumns, storedRows } from './rows.js'
import { columnNames, type Tags, tagsOf } from './columns.js'
import type { Version } from './store.js'

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
  #vectors = new Float32Array(0)
  #norms = new Float64Array(0)
  #dim = 0
  #documentBytes = 0

  constructor(columns: Columns) {
    this.#columns = columns
  }

  get length(): number {
    return this.ids.length
  }

  /** Bytes, nearly. */
  get size(): number {
    return this.#vectors.byteLength + this.#norms.byteLength + this.#documentBytes + this.length * 160
  }

  get block(): Block {
    return { vectors: this.#vectors, norms: this.#norms, dim: this.#dim }
  }

  placeOf(id: string): number | undefined {
    return this.#places.get(id)
  }

  rowAt(place: number): StoredRow {
    const vector = this.#vectors.slice(place * this.#dim, (place + 1) * this.#dim)
    return { id: this.ids[place]!, document: this.documents[place]!, vector }
  }

  /** Becomes what a version holds; false as soon as that is more than `maxBytes`. */
  async reach(version: Version, maxBytes: number): Promise<boolean> {
    const { generation, number, table, dim } = version
    if (generation === this.generation && number === this.number) return true
    if (generation !== this.generation || number < this.number) this.#clear(dim)
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
    else this.#reserve(await table.countRows())
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
    this.#vectors = new Float32Array(0)
    this.#norms = new Float64Array(0)
    this.#dim = dim
    this.#documentBytes = 0
  }

  #put({ id, vector, document }: StoredRow, tags: Tags): void {
    let place = this.#places.get(id)
    if (place === undefined) {
      place = this.length
      this.#places.set(id, place)
      this.ids.push(id)
      if (this.#norms.length <= place) this.#reserve(Math.max(64, Math.ceil(place * 1.5)))
    } else this.#documentBytes -= this.documents[place]!.length
    this.documents[place] = document
    this.tags[place] = tags
    this.#documentBytes += document.length
    this.#vectors.set(vector, place * this.#dim)
    this.#norms[place] = normOf(vector, 0, vector.length)
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
      this.#vectors.copyWithin(place * this.#dim, last * this.#dim, (last + 1) * this.#dim)
      this.#norms[place] = this.#norms[last]!
    }
    this.ids.pop()
    this.documents.pop()
    this.tags.pop()
  }

  #reserve(rows: number): void {
    if (rows <= this.#norms.length && this.#vectors.length >= rows * this.#dim) return
    const vectors = new Float32Array(rows * this.#dim)
    vectors.set(this.#vectors.subarray(0, this.length * this.#dim))
    const norms = new Float64Array(rows)
    norms.set(this.#norms.subarray(0, this.length))
    this.#vectors = vectors
    this.#norms = norms
  }
}
