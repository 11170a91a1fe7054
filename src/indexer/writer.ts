import { join } from 'node:path'
import type { Logger } from '../observe/logger.js'
import type { ResolvedOptions } from './options.js'
import type { Store } from './store.js'
import { Sync } from './sync.js'
import { Upkeep } from './upkeep.js'
import { type Pending, WriteQueue } from './write-queue.js'
import { acquireWriterLock } from '../workspace/writer-lock.js'
import {
  applyDelete,
  applyDeleteWhere,
  applyIndex,
  applyUpdate,
  type Asked,
  type Change,
  type Outcome,
  type Target,
} from './writes.js'

/** Work that wants the table for itself. */
interface Task {
  readonly kind: 'task'
  readonly run: () => Promise<Outcome>
}

type Write = Change | Task

export interface WriterInit {
  readonly store: Store
  readonly options: ResolvedOptions
  readonly logger: Logger
}

/** Commits that failed because somebody else's came first are tried so often. */
const attempts = 5

/**
 * The one who writes to a shard.
 *
 * 1. Everything is done while the shard's writer lock is held, in the order in which it was asked for.
 * 2. A change is answered after its commit. Neighbours of one kind share a commit.
 * 3. Upkeep comes after the answers.
 */
export class Writer {
  readonly #store: Store
  readonly #options: ResolvedOptions
  readonly #logger: Logger
  readonly #target: Target
  readonly #upkeep: Upkeep
  readonly #sync = new Sync()
  readonly #queue: WriteQueue<Write>

  constructor({ store, options, logger }: WriterInit) {
    this.#store = store
    this.#options = options
    this.#logger = logger
    this.#target = { store, rules: options }
    this.#upkeep = new Upkeep(store, options)
    this.#queue = new WriteQueue((group) => this.#perform(group))
  }

  /** Resolves when the change is committed. */
  submit(change: Change): Promise<Outcome> {
    return this.#queue.submit(change) as Promise<Outcome>
  }

  /** Runs a task while nobody writes. */
  exclusively(run: () => Promise<Outcome>): Promise<Outcome> {
    return this.#queue.submit({ kind: 'task', run }) as Promise<Outcome>
  }

  /** Joins files, removes old versions, builds the index. */
  flush(): Promise<Outcome> {
    return this.exclusively(async () => {
      await this.#upkeep.run()
      return { flushed: true }
    })
  }

  /** Waits for what was submitted. */
  close(): Promise<void> {
    return this.#queue.close()
  }

  async #perform(group: readonly Pending<Write>[]): Promise<void> {
    // nobody gives up in here: a write that is half done is worse than one that waits
    const lock = await acquireWriterLock(this.#store.folder, new AbortController().signal)
    try {
      let rows = 0
      for (const run of runsOf(group)) rows += await this.#runSettled(run)
      await this.#maintain(rows)
    } finally {
      await lock.release()
    }
  }

  /** One run; its failure is that of its members alone. */
  async #runSettled(run: readonly Pending<Write>[]): Promise<number> {
    try {
      for (let attempt = 1; ; attempt++) {
        const settled: (() => void)[] = []
        try {
          const rows = await this.#apply(run, settled)
          if (this.#options.fsync) await this.#syncTable()
          for (const settle of settled) settle()
          return rows
        } catch (error) {
          if (attempt === attempts || !/conflict/i.test(String(error))) throw error
        }
      }
    } catch (error) {
      for (const { done } of run) done.reject(error)
      return 0
    }
  }

  #apply(run: readonly Pending<Write>[], settled: (() => void)[]): Promise<number> {
    const [first] = run
    const asked = <C extends Change>(): Asked<C>[] =>
      run.map(({ write, done }) => ({
        change: write as C,
        resolve: (outcome) => void settled.push(() => done.resolve(outcome)),
        reject: (error) => void settled.push(() => done.reject(error)),
      }))
    const { write } = first!
    switch (write.kind) {
      case 'index':
        return applyIndex(this.#target, asked())
      case 'update':
        return applyUpdate(this.#target, asked())
      case 'delete':
        return applyDelete(this.#target, asked())
      case 'delete-where':
        return applyDeleteWhere(this.#target, asked<typeof write>()[0]!)
      case 'task':
        return write.run().then((outcome) => {
          settled.push(() => first!.done.resolve(outcome))
          return 0
        })
    }
  }

  async #syncTable(): Promise<void> {
    const version = await this.#store.latest({ exactly: true })
    if (version !== undefined) await this.#sync.run(join(this.#store.folder, version.generation))
  }

  /** What was asked for is done and answered by now; that this failed shows in the log, and it is tried again later. */
  async #maintain(rows: number): Promise<void> {
    try {
      await this.#upkeep.after(rows)
    } catch (error) {
      this.#logger.warn('upkeep of the index failed', { error: String(error) })
    }
  }
}

const sharing: readonly string[] = ['index', 'update', 'delete']

/** Rows of one commit, about. */
const rowsAtOnce = 20_000

/** Neighbours that share a commit. */
function runsOf(group: readonly Pending<Write>[]): Pending<Write>[][] {
  const runs: Pending<Write>[][] = []
  let rows = 0
  for (const pending of group) {
    const run = runs.at(-1)
    const { kind } = pending.write
    rows += rowsOf(pending.write)
    if (run?.[0]!.write.kind === kind && sharing.includes(kind) && rows <= rowsAtOnce) run.push(pending)
    else {
      runs.push([pending])
      rows = rowsOf(pending.write)
    }
  }
  return runs
}

function rowsOf(write: Write): number {
  if (write.kind === 'index') return write.rows.length
  return write.kind === 'update' ? write.documents.length : 0
}
