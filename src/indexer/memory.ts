import type { Table } from '@lancedb/lancedb'
import { Codes } from './codes.js'
import { columnNames, type Tags, tagsOf } from './columns.js'
import type { Columns } from './options.js'
import { idsOf, type StoredRow, storedColumns, storedRows } from './rows.js'
import type { Version } from './store.js'
import { Vectors } from './vectors.js'

/** Approximate size of a row's id, tags and map entry, in bytes. */
const rowBytes = 160

/**
 * All rows of one version in memory, in no particular order.
 *
 * It moves to a later version by reading what was committed since: rows carry the number of their commit, and deletions are
 * found by the number of rows.
 */
export class Memory {
  generation = ''
  number = -1
  readonly ids: string[] = []
  readonly documents: Uint8Array[] = []
  /** The tags that are columns. */
  readonly tags: Tags[] = []
  readonly #columns: Columns
  #slots = new Map<string, number>()
  #vectors = new Vectors(1)
  #codes = new Codes(1)
  #documentBytes = 0

  constructor(columns: Columns) {
    this.#columns = columns
  }

  get length(): number {
    return this.ids.length
  }

  /** Approximate size in bytes. */
  get size(): number {
    const numbers = this.#vectors.byteLength + this.#codes.byteLength
    return numbers + this.#documentBytes + this.length * rowBytes
  }

  get vectors(): Vectors {
    return this.#vectors
  }

  /** The codes of the rows, by the same slots. */
  get codes(): Codes {
    return this.#codes
  }

  slotOf(id: string): number | undefined {
    return this.#slots.get(id)
  }

  rowAt(slot: number): StoredRow {
    return { id: this.ids[slot]!, document: this.documents[slot]!, vector: this.#vectors.get(slot) }
  }

  /** Whether the version is the one in memory, or a later one of the same table. */
  leadsTo({ generation, number }: Version): boolean {
    return generation === this.generation && number >= this.number
  }

  /** Moves to a version; resolves with false as soon as that takes more than `maxBytes`. */
  async reach(version: Version, maxBytes: number): Promise<boolean> {
    const { generation, number, table, dim } = version
    if (generation === this.generation && number === this.number) return true
    if (!this.leadsTo(version)) this.#clear(dim)
    // before any memory is allocated: 6 bytes per number, code included, and the fixed part of every row
    if ((await table.countRows()) * (6 * dim + rowBytes) > maxBytes) {
      this.#clear(dim)
      return false
    }
    const since = this.number
    // after an error memory matches no version
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
    for (let slot = this.length - 1; slot >= 0; slot--) if (!kept.has(this.ids[slot]!)) this.#remove(slot)
  }

  #clear(dim: number): void {
    this.generation = ''
    this.number = -1
    this.ids.length = 0
    this.documents.length = 0
    this.tags.length = 0
    this.#slots = new Map()
    this.#vectors = new Vectors(dim)
    this.#codes = new Codes(dim)
    this.#documentBytes = 0
  }

  #put({ id, vector, document }: StoredRow, tags: Tags): void {
    let slot = this.#slots.get(id)
    if (slot === undefined) {
      slot = this.length
      this.#slots.set(id, slot)
      this.ids.push(id)
      if (this.#vectors.capacity <= slot) this.#reserve(Math.max(64, Math.ceil(slot * 1.5)))
    } else this.#documentBytes -= this.documents[slot]!.length
    this.documents[slot] = document
    this.tags[slot] = tags
    this.#documentBytes += document.length
    this.#vectors.set(slot, vector)
    this.#codes.set(slot, { vector, norm: this.#vectors.norms[slot]! })
  }

  /** The last row moves into the freed slot. */
  #remove(slot: number): void {
    const last = this.length - 1
    const moved = this.ids[last]!
    this.#slots.delete(this.ids[slot]!)
    this.#documentBytes -= this.documents[slot]!.length
    if (slot !== last) {
      this.ids[slot] = moved
      this.documents[slot] = this.documents[last]!
      this.tags[slot] = this.tags[last]!
      this.#slots.set(moved, slot)
      this.#vectors.move(last, slot)
      this.#codes.move(last, slot)
    }
    this.ids.pop()
    this.documents.pop()
    this.tags.pop()
  }

  #reserve(rows: number): void {
    this.#vectors.reserve(rows)
    this.#codes.reserve(rows)
  }
}
