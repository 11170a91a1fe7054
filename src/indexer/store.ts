import type { Connection, Table } from '@lancedb/lancedb'
import type { Field } from 'apache-arrow'
import { join } from 'node:path'
import { MillraceError } from '../errors.js'
import { columnOf } from './columns.js'
import { type Engine, loadEngine } from './engine.js'
import { SerialQueue } from '../lib/serial-queue.js'
import { currentPointer, nameGeneration, newGeneration, removeOldGenerations, tableName } from './folder.js'
import type { ResolvedOptions } from './options.js'
import { schemaOf } from './rows.js'

/** The table at one commit; later writes do not change it. */
export interface Version {
  readonly generation: string
  readonly number: number
  readonly dim: number
  readonly table: Table
  /** The table of the same generation at its newest commit; writes go here. */
  readonly live: Table
}

/** The table of a generation, which follows new commits. */
interface Live {
  readonly generation: string
  readonly dim: number
  readonly connection: Connection
  readonly table: Table
}

export interface StoreInit {
  readonly folder: string
  readonly options: Pick<ResolvedOptions, 'dim' | 'columns' | 'staleMs'>
  /** For tests: runs after a table is created and before it is named. */
  readonly beforeNaming?: () => Promise<void>
}

/**
 * The table in a shard's folder.
 *
 * 1. The result of `latest` is at least as new as everything acknowledged by any process before the call, less `staleMs`.
 * 2. A Version reads the same state for as long as it is used.
 */
export class Store {
  readonly folder: string
  readonly #options: StoreInit['options']
  readonly #beforeNaming: StoreInit['beforeNaming']
  readonly #looks = new SerialQueue()
  #live: Live | undefined
  /** Name of the CURRENT file that named its generation. */
  #pointer: string | undefined
  #version: Version | undefined
  #lookedAt = -Infinity
  /** A look that has not begun, which serves all calls until it begins. */
  #nextLook: Promise<Version | undefined> | undefined

  constructor({ folder, options, beforeNaming }: StoreInit) {
    this.folder = folder
    this.#options = options
    this.#beforeNaming = beforeNaming
  }

  /** The newest state; undefined while nothing was ever stored. `exactly` ignores `staleMs`. */
  latest({ exactly = false }: { exactly?: boolean } = {}): Promise<Version | undefined> {
    if (!exactly && performance.now() - this.#lookedAt < this.#options.staleMs)
      return Promise.resolve(this.#version)
    return (this.#nextLook ??= this.#looks.run(async () => {
      this.#nextLook = undefined
      const now = performance.now()
      this.#version = await this.#look()
      this.#lookedAt = now
      return this.#version
    }))
  }

  /** Creates the first table. Only for the holder of the writer lock, whose number is `writer`. */
  async create(dim: number, writer: number): Promise<void> {
    const engine = await loadEngine()
    await removeOldGenerations(this.folder, { writer, keepMs: 0 })
    const generation = await newGeneration(this.folder, writer)
    const connection = await connect(engine, join(this.folder, generation))
    const table = await connection.createEmptyTable(tableName, schemaOf(engine, dim, this.#options.columns))
    // makes two merges with the same new id a conflict, should the writer lock ever fail; appends never conflict
    await table.setUnenforcedPrimaryKey('id')
    connection.close()
    await this.#beforeNaming?.()
    await nameGeneration(this.folder, writer, generation)
  }

  /** Throws INVALID_OPTION unless the options fit the table of a generation. */
  async check(generation: string): Promise<void> {
    const { connection } = await this.#open(generation)
    connection.close()
  }

  close(): void {
    this.#live?.connection.close()
    this.#live = undefined
    this.#version = undefined
  }

  async #look(): Promise<Version | undefined> {
    const pointer = await currentPointer(this.folder, this.#pointer)
    this.#pointer = pointer?.name
    const generation = pointer?.generation
    if (generation === undefined) return undefined
    if (this.#live?.generation !== generation) {
      // readers of the former generation hold tables of their own
      this.#live?.connection.close()
      this.#live = await this.#open(generation)
    }
    const { connection, dim, table: live } = this.#live
    await live.checkoutLatest()
    const number = await live.version()
    const known = this.#version
    if (known?.generation === generation && known.number === number) return known
    // an opened table stays at the commit it found
    const table = await connection.openTable(tableName)
    return { generation, dim, table, live, number: await table.version() }
  }

  async #open(generation: string): Promise<Live> {
    const connection = await connect(await loadEngine(), join(this.folder, generation))
    const table = await connection.openTable(tableName)
    const { fields } = await table.schema()
    return { generation, connection, table, dim: this.#checked(fields) }
  }

  /** The length of the vectors. Throws INVALID_OPTION when the table was created with other options. */
  #checked(fields: readonly Field[]): number {
    const { dim: wantedDim, columns } = this.#options
    const list = fields.find(({ name }) => name === 'vector')?.type as
      | { readonly listSize?: number }
      | undefined
    const dim = list?.listSize ?? 0
    if (wantedDim !== undefined && wantedDim !== dim) {
      throw mismatch(this.folder, `vectors of ${dim} numbers`, `dim: ${wantedDim}`)
    }
    const types = { int: 'Float64', float: 'Float64', string: 'Utf8', bool: 'Bool' }
    const wanted = Object.entries(columns).map(([name, type]) => `${columnOf(name)} ${types[type]}`)
    const present = fields.slice(4).map(({ name, type }) => `${name} ${String(type)}`)
    if (wanted.sort().join() === present.sort().join()) return dim
    throw mismatch(
      this.folder,
      `columns for tags [${present.join(', ').replaceAll('tag_', '')}]`,
      `columns: ${JSON.stringify(columns)}`,
    )
  }
}

/** Pins a table to the version at which it was opened: only an explicit checkout changes it. */
export function connect({ lance }: Engine, folder: string): Promise<Connection> {
  return lance.connect(folder)
}

function mismatch(folder: string, present: string, asked: string): MillraceError {
  return new MillraceError(
    'INVALID_OPTION',
    `VectorIndexer: the table in ${folder} has ${present}, the option is ${asked}. Use the options it was created with, or index again in another workspace.`,
  )
}
