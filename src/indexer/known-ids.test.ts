import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Document } from '../document/index.js'
import { createLogger } from '../observe/logger.js'
import { anyEmbedding } from './embedding.js'
import { KnownIds } from './known-ids.js'
import { resolveOptions, type VectorIndexerOptions } from './options.js'
import { rowOf } from './rows.js'
import { readDocuments } from './search-disk.js'
import { Store } from './store.js'
import { Writer, type WriterInit } from './writer.js'

let folder: string
const open: Replica[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-known-'))
})
afterEach(async () => {
  for (const replica of open.splice(0)) await replica.close()
  rmSync(folder, { recursive: true, maxRetries: 5 })
})

class Replica {
  readonly #store: Store
  readonly #writer: Writer

  constructor({ steps = {}, ...given }: VectorIndexerOptions & Pick<WriterInit, 'steps'> = {}) {
    const options = resolveOptions({ dim: 2, ...given })
    this.#store = new Store({ folder, options })
    const logger = createLogger('test', { level: 'silent' })
    this.#writer = new Writer({ store: this.#store, options, logger, steps })
    open.push(this)
  }

  async index(text: string, ...ids: string[]): Promise<void> {
    const rows = ids.map((id) =>
      rowOf(new Document({ id, text, embedding: [1, 2] }), { columns: {}, embeddings: anyEmbedding }),
    )
    await this.#writer.submit({ kind: 'index', rows })
  }

  async delete(...ids: string[]): Promise<void> {
    await this.#writer.submit({ kind: 'delete', ids })
  }

  async version() {
    return (await this.#store.latest())!
  }

  /** Number of rows, and the text of each id: two rows with one id make the two differ. */
  async stored(...ids: string[]): Promise<[rows: number, texts: Record<string, string>]> {
    const { table } = await this.version()
    const rows = [...(await readDocuments({ table }, new Set(ids)))]
    const texts = rows.map(([id, { document }]) => [id, Document.fromProtobuf(document).text])
    return [await table.countRows(), Object.fromEntries(texts)]
  }

  async close(): Promise<void> {
    await this.#writer.close()
    this.#store.close()
  }
}

describe('the ids that a table may have', () => {
  it('are those of a version, whichever replica wrote them', async () => {
    const [first, second] = [new Replica(), new Replica()]
    await first.index('1', 'a', 'b')
    const known = new KnownIds(2 ** 20)
    await known.reach(await first.version())
    expect(['a', 'b', 'c'].map((id) => known.has(id))).toEqual([true, true, false])
    await second.index('2', 'c')
    await known.reach(await first.version())
    expect(['a', 'b', 'c', 'd'].map((id) => known.has(id))).toEqual([true, true, true, false])
  })

  it('are all ids where the table needs too much memory', async () => {
    const replica = new Replica()
    await replica.index('1', 'a')
    const known = new KnownIds(0)
    await known.reach(await replica.version())
    expect(known.has('other')).toBe(true)
  })
})

describe('each id is stored once', () => {
  it('when two replicas write it in turns', async () => {
    const [first, second] = [new Replica(), new Replica()]
    for (let round = 0; round < 4; round++) {
      await first.index('of the first', `${round}`)
      await second.index('of the second', `${round}`)
    }
    const [rows, texts] = await first.stored('0', '1', '2', '3')
    expect(rows).toBe(4)
    expect(new Set(Object.values(texts))).toEqual(new Set(['of the second']))
  })

  it('when it was deleted before', async () => {
    const replica = new Replica()
    await replica.index('old', 'a', 'b')
    await replica.delete('a')
    await replica.index('new', 'a', 'b')
    expect(await replica.stored('a', 'b')).toEqual([2, { a: 'new', b: 'new' }])
  })

  it('when a commit of new ids failed after it was stored, and is repeated', async () => {
    let failures = 0
    const afterCommit = (): Promise<void> =>
      failures++ === 0 ? Promise.reject(new Error('commit conflict')) : Promise.resolve()
    const replica = new Replica({ steps: { afterCommit } })
    await replica.index('1', 'a', 'b')
    expect(failures).toBe(2)
    expect(await replica.stored('a', 'b')).toEqual([2, { a: '1', b: '1' }])
  })

  it('with a cache too small for a set of ids, and after a restart', async () => {
    for (const cacheBytes of [0, 2 ** 20, 0]) {
      const replica = new Replica({ cacheBytes })
      await replica.index(`${cacheBytes}`, 'a', 'b')
      expect(await replica.stored('a', 'b')).toEqual([2, { a: `${cacheBytes}`, b: `${cacheBytes}` }])
      await replica.close()
    }
  })
})
