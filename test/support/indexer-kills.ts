import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { DocumentArray, type HandlerContext } from 'millrace'
import { VectorIndexer } from 'millrace/indexer'

type Kind = 'index' | 'update' | 'delete'
type Line =
  | { readonly say: 'try'; readonly step: number; readonly kind: Kind; readonly ids: readonly number[] }
  | { readonly say: 'done'; readonly step: number }

/** The possible states of an id: the step that wrote its text, or null if nothing is stored. */
type State = number | null

export interface Kills {
  readonly folder: string
  readonly seed: number
  /** Ids that each writer writes to. */
  readonly documents: number
  /** Maximum number of documents per request. */
  readonly most: number
  readonly kills: number
  readonly random: () => number
}

export interface Tally {
  readonly acknowledged: number
  readonly lost: string[]
  readonly doubled: number
  /** Number of documents stored in the end. */
  readonly stored: number
}

/**
 * Two processes write to one shard. In turns they are killed by SIGKILL during a write and restarted. After every kill
 * the stored data is compared with the acknowledged writes.
 */
export async function killWriters({ folder, seed, kills, random, ...load }: Kills): Promise<Tally> {
  const books = [new Book('x'), new Book('y')]
  let writers = books.map((book, at) => start(book, { folder, seed: seed + at, ...load }))
  const lost: string[] = []
  let doubled = 0
  let acknowledged = 0
  let stored = 0
  try {
    for (let kill = 0; kill < kills; kill++) {
      const victim = kill % writers.length
      // after this many answers, at an arbitrary moment
      await writers[victim]!.answers(3 + Math.floor(random() * 12))
      await new Promise((resolve) => setTimeout(resolve, random() * 60))
      await writers[victim]!.kill()
      if (kill % 2 === 1 || kill === kills - 1) {
        await Promise.all(writers.map((writer) => writer.kill()))
        const found = await check(folder, books)
        lost.push(...found.lost)
        doubled += found.doubled
        stored = found.stored
        acknowledged = books.reduce((sum, { done }) => sum + done, 0)
        writers = books.map((book, at) => start(book, { folder, seed: seed + 2 * kill + at + 2, ...load }))
      } else writers[victim] = start(books[victim]!, { folder, seed: seed + 1000 + kill, ...load })
    }
  } finally {
    await Promise.all(writers.map((writer) => writer.kill()))
  }
  return { acknowledged, lost, doubled, stored }
}

/** The reports of one writer, over all its restarts. */
class Book {
  readonly writer: string
  done = 0
  #possible = new Map<number, Set<State>>()
  #open = new Map<number, Extract<Line, { say: 'try' }>>()
  #process = 0

  constructor(writer: string) {
    this.writer = writer
  }

  get ids(): Iterable<number> {
    return this.#possible.keys()
  }

  read(line: Line): void {
    if (line.say === 'try') {
      this.#open.set(line.step, line)
      // until it is answered, both the previous and the new state are possible
      for (const id of line.ids) this.#stateOf(id).add(this.#after(line))
      return
    }
    const { kind, ids } = this.#open.get(line.step)!
    this.#open.delete(line.step)
    this.done += 1
    for (const id of ids) this.#settle(id, { step: line.step, kind })
  }

  /** The writer was killed: the outcome of its open write stays unknown until the id is written again. */
  end(): void {
    this.#open.clear()
    this.#process += 1
  }

  allows(id: number, text: string | undefined): boolean {
    const state = text === undefined ? null : Number(text)
    return [...this.#stateOf(id)].some((possible) =>
      possible === null ? state === null : possible % stepsPerProcess === state,
    )
  }

  /** Steps of different processes have different numbers. */
  #after({ step, kind }: { step: number; kind: Kind }): State {
    return kind === 'delete' ? null : this.#process * stepsPerProcess + step
  }

  #settle(id: number, line: { step: number; kind: Kind }): void {
    const before = this.#stateOf(id)
    const later = [...this.#open.values()].filter((open) => open.step > line.step && open.ids.includes(id))
    const kept = new Set<State>(later.map((open) => this.#after(open)))
    // an update of an id that is not stored changes nothing
    if (line.kind === 'update' && before.has(null)) kept.add(null)
    kept.add(this.#after(line))
    this.#possible.set(id, kept)
  }

  #stateOf(id: number): Set<State> {
    const known = this.#possible.get(id)
    if (known !== undefined) return known
    const fresh = new Set<State>([null])
    this.#possible.set(id, fresh)
    return fresh
  }
}

const stepsPerProcess = 1_000_000

interface Writer {
  /** Resolves after this many more answers. */
  answers(count: number): Promise<void>
  kill(): Promise<void>
}

function start(
  book: Book,
  { folder, seed, documents, most }: Pick<Kills, 'folder' | 'seed' | 'documents' | 'most'>,
): Writer {
  const file = fileURLToPath(new URL('../fixtures/indexer-writer.mjs', import.meta.url))
  const child = spawn(
    process.execPath,
    [file, folder, String(seed), book.writer, String(documents), String(most)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const closed = once(child, 'close')
  let wake = (): void => {}
  child.on('exit', () => wake())
  createInterface(child.stdout).on('line', (line) => {
    book.read(JSON.parse(line) as Line)
    wake()
  })
  let killed: Promise<void> | undefined
  return {
    async answers(count) {
      const until = book.done + count
      while (book.done < until && child.exitCode === null) {
        await new Promise<void>((resolve) => (wake = resolve))
      }
      if (child.exitCode !== null) throw new Error(`the writer ended by itself with ${child.exitCode}`)
    },
    kill() {
      killed ??= (async () => {
        child.kill('SIGKILL')
        await closed
        book.end()
      })()
      return killed
    },
  }
}

async function check(
  folder: string,
  books: readonly Book[],
): Promise<{ lost: string[]; doubled: number; stored: number }> {
  const indexer = new VectorIndexer({ workspace: folder, columns: { step: 'int' } })
  const context = { parameters: {}, signal: new AbortController().signal } as unknown as HandlerContext
  const lost: string[] = []
  let there = 0
  for (const book of books) {
    const ids = [...book.ids]
    const stored = await indexer.get(
      new DocumentArray(ids.map((id) => ({ id: `${book.writer}-${id}` }))),
      context,
    )
    for (const [at, document] of [...stored].entries()) {
      const text = document.embedding === undefined ? undefined : document.text
      if (text !== undefined) there += 1
      if (!book.allows(ids[at]!, text)) lost.push(`${document.id}: ${text}`)
    }
  }
  const { count } = (await indexer.count(new DocumentArray(), context)) as { count: number }
  await indexer.close()
  return { lost, doubled: count - there, stored: there }
}
