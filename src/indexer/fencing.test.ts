import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Document } from '../document/index.js'
import { deferred } from '../lib/deferred.js'
import { seeded } from '../lib/seeded.js'
import { createLogger } from '../observe/logger.js'
import { anyEmbedding } from './embedding.js'
import { resolveOptions } from './options.js'
import { documentOf, rowOf } from './rows.js'
import { readDocuments } from './search-disk.js'
import { Store } from './store.js'
import type { Outcome } from './writes.js'
import { Writer } from './writer.js'

let folder: string
const open: Replica[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-fence-'))
})
afterEach(async () => {
  for (const replica of open.splice(0)) await replica.close()
  rmSync(folder, { recursive: true, maxRetries: 5 })
})

type Step = 'beforeNaming' | 'beforeCommit' | 'afterCommit'

/** A replica that can be suspended at a step, as SIGSTOP does. */
class Replica {
  readonly #store: Store
  readonly #writer: Writer
  #stop: { readonly at: Step; readonly reached: () => void; readonly goOn: Promise<unknown> } | undefined

  constructor() {
    const options = resolveOptions({ dim: 2 })
    const at = (step: Step) => async () => {
      const stop = this.#stop
      if (stop?.at !== step) return
      this.#stop = undefined
      stop.reached()
      await stop.goOn
    }
    this.#store = new Store({ folder, options, beforeNaming: at('beforeNaming') })
    const steps = { beforeCommit: at('beforeCommit'), afterCommit: at('afterCommit') }
    const logger = createLogger('test', { level: 'silent' })
    this.#writer = new Writer({ store: this.#store, options, logger, steps })
    open.push(this)
  }

  /** Suspends at a step; `reached` resolves when it gets there. The lock then looks as if it was not touched for a minute. */
  stopAt(at: Step): { reached: Promise<void>; goOn: () => void } {
    const [reached, goOn] = [deferred<void>(), deferred<void>()]
    this.#stop = { at, reached: () => reached.resolve(), goOn: goOn.promise }
    return { reached: reached.promise, goOn: () => goOn.resolve() }
  }

  index(id: string, text: string, tags: Record<string, unknown> = {}): Promise<Outcome> {
    const document = new Document({ id, text, tags, embedding: [1, 2] })
    return this.#writer.submit({
      kind: 'index',
      rows: [rowOf(document, { columns: {}, embeddings: anyEmbedding })],
    })
  }

  update(id: string, fields: { text?: string; uri?: string }): Promise<Outcome> {
    return this.#writer.submit({ kind: 'update', documents: [new Document({ id, ...fields })] })
  }

  delete(id: string): Promise<Outcome> {
    return this.#writer.submit({ kind: 'delete', ids: [id] })
  }

  flush(): Promise<Outcome> {
    return this.#writer.flush()
  }

  async read(...ids: string[]): Promise<Map<string, Document>> {
    const version = await this.#store.latest()
    if (version === undefined) return new Map()
    const rows = await readDocuments(version, new Set(ids))
    return new Map([...rows].map(([id, row]) => [id, documentOf(row, false)]))
  }

  async count(): Promise<number> {
    return (await this.#store.latest())!.table.countRows()
  }

  async close(): Promise<void> {
    await this.#writer.close()
    this.#store.close()
  }
}

/** Runs work that needs the lock of a suspended holder, which has not touched it for a minute. */
async function takingOver<T>(work: () => Promise<T>): Promise<T> {
  const [stopped] = readdirSync(folder)
    .filter((name) => /^writer-\d+\.lock$/.test(name))
    .sort((one, other) => numberOf(other) - numberOf(one))
  const age = (): void => {
    try {
      const old = Date.now() / 1000 - 61
      utimesSync(join(folder, stopped!), old, old)
    } catch {
      // the next holder has removed it
    }
  }
  age()
  // its holder in this process keeps touching it
  const timer = setInterval(age, 5)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

const numberOf = (name: string): number => Number(/\d+/.exec(name)![0])
const textsOf = (found: ReadonlyMap<string, Document>): object =>
  Object.fromEntries([...found].map(([id, { text }]) => [id, text]))

describe('a writer that was suspended for a minute', () => {
  it('before it named its table loses nothing written by others', async () => {
    const [first, second] = [new Replica(), new Replica()]
    const stop = first.stopAt('beforeNaming')
    const late = first.index('late', 'of the first')
    await stop.reached
    expect(await takingOver(() => second.index('early', 'of the second'))).toEqual({ indexed: 1 })
    stop.goOn()
    expect(await late).toEqual({ indexed: 1 })
    const third = new Replica()
    for (const replica of [first, second, third]) {
      expect(textsOf(await replica.read('late', 'early'))).toEqual({
        late: 'of the first',
        early: 'of the second',
      })
    }
  })

  it.each(['beforeCommit', 'afterCommit'] as const)(
    'at the step %s of an update undoes no change of others',
    async (step) => {
      const [first, second] = [new Replica(), new Replica()]
      await first.index('a', 'old')
      const stop = first.stopAt(step)
      const late = first.update('a', { uri: 'of the first' })
      await stop.reached
      expect(await takingOver(() => second.update('a', { text: 'of the second' }))).toMatchObject({
        updated: 1,
      })
      stop.goOn()
      expect(await late).toMatchObject({ updated: 1 })
      for (const replica of [first, second]) {
        const { text, uri } = (await replica.read('a')).get('a')!
        expect({ text, uri }).toEqual({ text: 'of the second', uri: 'of the first' })
      }
    },
  )

  it.each(['beforeCommit', 'afterCommit'] as const)(
    'at the step %s of new ids stores each of them once',
    async (step) => {
      const [first, second] = [new Replica(), new Replica()]
      await first.index('a', 'old')
      const stop = first.stopAt(step)
      const late = first.index('new', 'of the first')
      await stop.reached
      await takingOver(() => second.index('new', 'of the second'))
      stop.goOn()
      expect(await late).toEqual({ indexed: 1 })
      for (const replica of [first, second, new Replica()]) {
        expect(await replica.count()).toBe(2)
        expect(textsOf(await replica.read('new'))).toEqual({ new: 'of the first' })
      }
    },
  )

  it('in a deletion deletes exactly what it reports', async () => {
    const [first, second] = [new Replica(), new Replica()]
    await first.index('a', 'old')
    await first.index('b', 'old')
    const stop = first.stopAt('beforeCommit')
    const late = first.delete('a')
    await stop.reached
    await takingOver(() => second.delete('a'))
    await second.index('b', 'new')
    stop.goOn()
    // the deletion was repeated, and found nothing left
    expect(await late).toEqual({ deleted: 0 })
    expect(textsOf(await first.read('a', 'b'))).toEqual({ b: 'new' })
  })

  it('is fenced off by a later writer when the next one was killed before it could', async () => {
    const [first, second, third] = [new Replica(), new Replica(), new Replica()]
    await first.index('a', 'old')
    const stops = [first.stopAt('beforeCommit'), second.stopAt('beforeCommit')]
    const late = [first.update('a', { uri: 'of the first' })]
    await stops[0]!.reached
    await takingOver(async () => {
      late.push(second.update('a', { text: 'of the second' }))
      await stops[1]!.reached
    })
    await takingOver(() => third.index('b', 'of the third'))
    for (const { goOn } of stops) goOn()
    await Promise.all(late)
    const found = await third.read('a', 'b')
    expect([found.get('a')!.text, found.get('a')!.uri, found.get('b')!.text]).toEqual([
      'of the second',
      'of the first',
      'of the third',
    ])
  })

  it('at random steps, many times: every acknowledged write is stored', async () => {
    const random = seeded(16)
    const steps: readonly Step[] = ['beforeNaming', 'beforeCommit', 'afterCommit']
    const replicas = [new Replica(), new Replica(), new Replica()]
    const expected = new Map<string, string>()
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
    for (let round = 0; round < 25; round++) {
      const [stopped, ...others] = [...replicas].sort(() => random() - 0.5)
      // the first round also creates the table
      const stop = stopped!.stopAt(round === 0 ? 'beforeNaming' : pick(steps.slice(1)))
      const late = stopped!.index(`s${round}`, `${round}`, { round })
      await stop.reached
      await takingOver(async () => {
        for (const [at, other] of others.entries()) {
          const id = `d${Math.floor(random() * 8)}`
          await other.index(id, `${round}/${at}`)
          expected.set(id, `${round}/${at}`)
        }
        if (random() < 0.3) await others[0]!.flush()
      })
      stop.goOn()
      await late
      expected.set(`s${round}`, `${round}`)
      for (const replica of replicas) {
        expect(textsOf(await replica.read(...expected.keys()))).toEqual(Object.fromEntries(expected))
        expect(await replica.count()).toBe(expected.size)
      }
    }
  }, 60_000)
})
