import { join } from 'node:path'
import type { Logger } from '../observe/logger.js'
import { MillraceError } from '../errors.js'
import { fence } from './fence.js'
import { KnownIds } from './known-ids.js'
import type { ResolvedOptions } from './options.js'
import { isRead, runsOf, type Work, type Write } from './runs.js'
import type { Store } from './store.js'
import { Sync } from './sync.js'
import { Upkeep } from './upkeep.js'
import { type Pending, WriteQueue } from './write-queue.js'
import { acquireWriterLock, type WriterLock } from '../workspace/writer-lock.js'
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

interface Turn {
  readonly target: Target
  readonly lock: WriterLock
}

export interface WriterInit {
  readonly store: Store
  readonly options: ResolvedOptions
  readonly logger: Logger
  /** Called after each commit that stands. */
  readonly onCommit?: () => void
  /** For tests: hooks at points where a suspended writer must do no harm when it resumes. */
  readonly steps?: {
    readonly beforeCommit?: () => Promise<void>
    readonly afterCommit?: () => Promise<void>
  }
}

/** The set of known ids takes at most this fraction of `cacheBytes`, in addition to it: 1/8. */
const idShare = 8

/** Attempts of a commit that fails because of a concurrent commit. */
const attempts = 5

/**
 * Writes to a shard, one request after another.
 *
 * 1. Everything is done under the shard's writer lock, in the order of the requests.
 * 2. A change is answered after its commit and after a check of the lock that follows the commit: a writer that takes over
 *    from a live holder fences it off (`fence`), keeping what was committed before. A change not answered by then is repeated
 *    under another lock. Consecutive changes of one kind share a commit.
 * 3. Upkeep runs after the answers.
 */
export class Writer {
  readonly #store: Store
  readonly #options: ResolvedOptions
  readonly #logger: Logger
  readonly #steps: NonNullable<WriterInit['steps']>
  readonly #onCommit: () => void
  readonly #upkeep: Upkeep
  readonly #known: KnownIds
  readonly #sync = new Sync()
  readonly #queue: WriteQueue<Write>

  constructor({ store, options, logger, onCommit = () => {}, steps = {} }: WriterInit) {
    this.#store = store
    this.#options = options
    this.#logger = logger
    this.#steps = steps
    this.#onCommit = onCommit
    this.#upkeep = new Upkeep(options)
    this.#known = new KnownIds(options.cacheBytes / idShare)
    this.#queue = new WriteQueue((group) => this.#perform(group))
  }

  /** Resolves when the change is committed. */
  submit(change: Change): Promise<Outcome> {
    return this.#queue.submit(change) as Promise<Outcome>
  }

  /** Runs a task exclusively; repeats it, unless it only reads, when another writer took over meanwhile. */
  exclusively(run: Work, { isRead = false }: { readonly isRead?: boolean } = {}): Promise<Outcome> {
    return this.#queue.submit({ kind: 'task', run, isRead }) as Promise<Outcome>
  }

  /** Compacts files, removes old versions, builds the index. */
  flush(): Promise<Outcome> {
    return this.exclusively(async (target) => {
      await this.#upkeep.run(target)
      return { flushed: true }
    })
  }

  /** Waits for everything submitted. */
  close(): Promise<void> {
    return this.#queue.close()
  }

  async #perform(group: readonly Pending<Write>[]): Promise<void> {
    const runs = runsOf(group)
    while (runs.length > 0) await this.#underLock(runs)
  }

  /** Removes runs as they are settled, until none is left or the lock is lost. */
  async #underLock(runs: Pending<Write>[][]): Promise<void> {
    // never aborted: a half-done write is worse than a slow one
    const lock = await acquireWriterLock(this.#store.folder, new AbortController().signal)
    try {
      if (lock.isContested) await fence(this.#store, lock.number)
      const target = this.#targetUnder(lock)
      let rows = 0
      while (runs.length > 0) {
        const written = await this.#runSettled(runs[0]!, { target, lock })
        if (written === undefined) return
        rows += written
        runs.shift()
      }
      await this.#maintain(target, rows)
    } finally {
      await lock.release()
    }
  }

  #targetUnder(lock: WriterLock): Target {
    const store = this.#store
    return {
      store,
      rules: this.#options,
      known: this.#known,
      writer: lock.number,
      beforeCommit: this.#steps.beforeCommit,
      async latest() {
        const version = await store.latest({ exactly: true })
        // in this order: the version then belongs to this holder or an earlier one
        if (await lock.isHeld()) return version
        throw new MillraceError('UNAVAILABLE', 'Another replica has taken over writing to the index.')
      },
    }
  }

  /** Performs one run; a failure only fails its own writes. Undefined when the lock was lost, and the run must be repeated. */
  async #runSettled(run: readonly Pending<Write>[], { target, lock }: Turn): Promise<number | undefined> {
    try {
      for (let attempt = 1; ; attempt++) {
        const settled: (() => void)[] = []
        try {
          const rows = await this.#apply(run, { target, settled })
          if (this.#options.fsync) await this.#syncTable()
          await this.#steps.afterCommit?.()
          if (!isRead(run) && !(await lock.isHeld())) return undefined
          if (rows > 0) this.#onCommit()
          for (const settle of settled) settle()
          return rows
        } catch (error) {
          if (!(await lock.isHeld())) return undefined
          if (attempt === attempts || !/conflict/i.test(String(error))) throw error
        }
      }
    } catch (error) {
      for (const { done } of run) done.reject(error)
      return 0
    }
  }

  #apply(
    run: readonly Pending<Write>[],
    { target, settled }: { target: Target; settled: (() => void)[] },
  ): Promise<number> {
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
        return applyIndex(target, asked())
      case 'update':
        return applyUpdate(target, asked())
      case 'delete':
        return applyDelete(target, asked())
      case 'delete-where':
        return applyDeleteWhere(target, asked<typeof write>()[0]!)
      case 'task':
        return write.run(target).then((outcome) => {
          settled.push(() => first!.done.resolve(outcome))
          return 0
        })
    }
  }

  async #syncTable(): Promise<void> {
    const version = await this.#store.latest({ exactly: true })
    if (version !== undefined) await this.#sync.run(join(this.#store.folder, version.generation))
  }

  /** The requests are done and answered by now: a failure of the upkeep is logged, and retried later. */
  async #maintain(target: Target, rows: number): Promise<void> {
    try {
      await this.#upkeep.after(target, rows)
    } catch (error) {
      this.#logger.warn('maintenance of the index failed', { error: String(error) })
    }
  }
}
