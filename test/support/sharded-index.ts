import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Document, Flow, MillraceError, type Response, type StageOptions } from 'millrace'
import { VectorIndexer } from 'millrace/indexer'
import { expectNothingLeft, leftovers } from 'millrace/testing'
import { expect } from 'vitest'
import { placeOf } from '../../src/shards/place.js'

export type Match = readonly [id: string, score: number]

/** `fixed` documents are indexed before the faults, `moving` ones during the faults. */
export type Part = 'fixed' | 'moving'

/** The result of a search, and the shards that failed. */
export interface Found {
  readonly matches: readonly Match[]
  readonly missing: readonly string[]
}

const point = [1, 2, 3, 1] as const
const all = 100_000

/** A Flow with one sharded VectorIndexer that is indexed by KEY, and a record of its writes. */
export class ShardedIndex {
  readonly flow: Flow<'indexer'>
  readonly #shards: number
  /** Whether the write of each document was answered, by its number. */
  readonly #written = new Map<number, { readonly part: Part; acknowledged: boolean }>()
  #next = 0

  constructor(workspace: string, stage: Omit<StageOptions<'indexer'>, 'name' | 'uses'> & { shards: number }) {
    this.#shards = stage.shards
    this.flow = new Flow({ quiet: true, host: '127.0.0.1', workspace }).add({
      name: 'indexer',
      uses: VectorIndexer,
      usesWith: { metric: 'l2', columns: { part: 'string' }, compactAfter: 8 },
      polling: { '/index': 'KEY', '/search': 'ALL', '/count': 'ALL', '*': 'KEY' },
      // chaos exceeds the restarts that a healthy stage needs
      restarts: { max: 1000 },
      ...stage,
    })
  }

  get acknowledged(): number {
    return this.#numbers((one) => one.acknowledged).length
  }

  get tried(): number {
    return this.#written.size
  }

  /** Indexes this many new documents. Rejects with the Flow's error; then it is unknown whether they are stored. */
  async index(part: Part, count: number): Promise<void> {
    const numbers = Array.from({ length: count }, () => this.#next++)
    for (const n of numbers) this.#written.set(n, { part, acknowledged: false })
    await this.#write(numbers)
  }

  /** Repeats writes that were never answered. */
  async indexAgain(): Promise<void> {
    const open = this.#numbers((one) => !one.acknowledged)
    if (open.length > 0) await this.#write(open)
  }

  async #write(numbers: readonly number[]): Promise<void> {
    const docs = numbers.map((n) => documentOf(n, this.#written.get(n)!.part))
    await this.flow.post('/index', docs, { maxAttempts: 3 })
    for (const n of numbers) this.#written.get(n)!.acknowledged = true
  }

  async search(part: Part, limit: number = all): Promise<Found> {
    const query = new Document({ id: 'query', embedding: Float32Array.from(point) })
    const parameters = { limit, filter: { tags__part: { $eq: part } } }
    const { docs, shards } = await this.#ask('/search', [query], parameters)
    expect(docs).toHaveLength(1)
    const matches = Array.from(docs.at(0)!.matches, ({ id, scores }): Match => [id, scores.l2!.value])
    const missing = (shards?.failures ?? []).map(({ shard }) => shard)
    expect(shards).toMatchObject({
      total: this.#shards,
      ok: this.#shards - missing.length,
      failed: missing.length,
    })
    return { matches, missing }
  }

  /** Searches the fixed part, and checks that the answer is exactly the data of the shards that it reports. */
  async searchExactly(limit?: number): Promise<Found> {
    const found = await this.search('fixed', limit)
    expect(found.matches).toEqual(this.#expected(found.missing, limit))
    return found
  }

  /** Gets the fixed part by its ids, and checks that the answer is exactly the data of the shards that it reports, in order. */
  async getExactly(): Promise<readonly string[]> {
    const ids = this.#numbers(({ part }) => part === 'fixed').map(idOf)
    const { docs, shards } = await this.#ask(
      '/get',
      ids.map((id) => new Document({ id })),
      {},
    )
    const missing = (shards?.failures ?? []).map(({ shard }) => shard)
    const living = ids.filter((id) => !missing.includes(this.#shardOf(id)))
    expect([...docs].map(({ id, text }) => [id, text])).toEqual(living.map((id) => [id, id.slice(1)]))
    return missing
  }

  /** Searches the moving part: it has every document answered before, none that was never written, and none twice. */
  async searchMoving(): Promise<Found> {
    const before = this.#numbers(({ part, acknowledged }) => part === 'moving' && acknowledged)
    const found = await this.search('moving')
    const ids = new Set(found.matches.map(([id]) => id))
    expect(ids.size).toBe(found.matches.length)
    const lost = before.map(idOf).filter((id) => !ids.has(id) && !found.missing.includes(this.#shardOf(id)))
    expect(lost).toEqual([])
    const tried = new Set(this.#numbers(({ part }) => part === 'moving').map(idOf))
    expect([...ids].filter((id) => !tried.has(id))).toEqual([])
    return found
  }

  /** Checks that answered documents are stored once, unanswered ones at most once, and no others. */
  async expectAll(): Promise<void> {
    const { missing } = await this.searchExactly()
    const moving = await this.searchMoving()
    expect([...missing, ...moving.missing]).toEqual([])
    const fixed = this.#numbers(({ part }) => part === 'fixed').length
    expect(await this.count()).toBe(fixed + moving.matches.length)
  }

  /** Number of documents over all shards. */
  async count(): Promise<number> {
    const { parameters } = await this.#ask('/count', undefined, {})
    const counts = Object.values(parameters.__results__ as Record<string, { readonly count: number }>)
    expect(counts).toHaveLength(this.#shards)
    return counts.reduce((sum, { count }) => sum + count, 0)
  }

  async #ask(
    on: string,
    docs: Document[] | undefined,
    parameters: Record<string, unknown>,
  ): Promise<Response> {
    const [response] = await this.flow.post(on, docs, { returnResponses: true, requestSize: all, parameters })
    return response!
  }

  #expected(missing: readonly string[], limit: number = all): Match[] {
    return this.#numbers(({ part }) => part === 'fixed')
      .filter((n) => !missing.includes(this.#shardOf(idOf(n))))
      .map((n): Match => [idOf(n), scoreOf(n)])
      .sort(([leftId, left], [rightId, right]) => left - right || (leftId < rightId ? -1 : 1))
      .slice(0, limit)
  }

  #numbers(wanted: (one: { readonly part: Part; readonly acknowledged: boolean }) => boolean): number[] {
    return [...this.#written].filter(([, one]) => wanted(one)).map(([n]) => n)
  }

  #shardOf(id: string): string {
    return `indexer/shard-${placeOf(id, this.#shards)}`
  }
}

/** Runs a test on an index, and checks for leaks: processes, sockets, handles, listeners. */
export async function onShardedIndex(
  stage: ConstructorParameters<typeof ShardedIndex>[1],
  play: (index: ShardedIndex) => Promise<void>,
): Promise<void> {
  const before = leftovers()
  const workspace = mkdtempSync(path.join(tmpdir(), 'millrace-sharded-'))
  const index = new ShardedIndex(workspace, stage)
  try {
    await index.flow.start()
    await play(index)
  } finally {
    await index.flow.close()
    rmSync(workspace, { recursive: true, force: true })
  }
  await expectNothingLeft(before)
}

/** Resolves after this many more actions, or when no action runs any more. */
export type Progress = (count: number) => Promise<void>

/** Repeats each action until `script` has ended; returns how often each was done. */
export async function whileDoing(
  script: (progress: Progress) => Promise<unknown>,
  works: readonly (() => Promise<unknown>)[],
): Promise<number[]> {
  let over = false
  let total = 0
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const look of waiting) look()
  }
  const end = (): void => {
    over = true
    wake()
  }
  const progress: Progress = (count) =>
    new Promise((resolve) => {
      const until = total + count
      const look = (): void => {
        if (!over && total < until) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  const repeat = async (work: () => Promise<unknown>): Promise<number> => {
    for (let count = 0; ; count++) {
      if (over) return count
      await work()
      total += 1
      wake()
    }
  }
  const repeating = works.map((work) => repeat(work).finally(end))
  // wait for all of them before anything is closed, even when one fails
  const ended = await Promise.allSettled([...repeating, script(progress).finally(end)])
  for (const one of ended) if (one.status === 'rejected') throw one.reason
  return Promise.all(repeating)
}

/** Resolves with the MillraceError of a failure; rejects with any other error, such as a failed expectation. */
export async function failureOf(work: Promise<unknown>): Promise<MillraceError | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    if (MillraceError.is(error)) return error
    throw error
  }
}

const idOf = (n: number): string => `d${n}`

/** Few distinct embeddings, so that many documents have equal scores. */
const vectorOf = (n: number): readonly number[] => [n % 5, n % 3, n % 7, 1]

const scoreOf = (n: number): number =>
  vectorOf(n).reduce((sum, value, at) => sum + (value - point[at]!) ** 2, 0)

function documentOf(n: number, part: Part): Document {
  return new Document({
    id: idOf(n),
    text: `${n}`,
    tags: { part },
    embedding: Float32Array.from(vectorOf(n)),
  })
}
