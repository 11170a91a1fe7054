/**
 * The number of shards does not change the answers: the same documents, scores and order, for any data, number of
 * requests and placement. Flows are started once, and emptied between cases.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { Document, type DocumentArray, Flow, type Response } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const counts = [1, 2, 3, 5, 8]
const memoryIndex = new URL('../fixtures/shard-executors.mjs#MemoryIndex', import.meta.url)
const polledIndexer = new URL('../fixtures/indexer-executors.mjs#PolledIndexer', import.meta.url)

/** `/index`, `/update`, `/delete` and `/get` go by KEY, `/add` to ANY shard, and requests without a key to ALL. */
const polling = {
  '/index': 'KEY',
  '/add': 'ANY',
  '/search': 'ALL',
  '/drop': 'ALL',
  '/fetch': 'ALL',
  '/count': 'ALL',
  '*': 'KEY',
} as const

const dim = 4
// few values, so that equal scores and equal documents are common
const vector = fc.oneof(
  { weight: 3, arbitrary: fc.array(fc.constantFrom(-1, 0, 1), { minLength: dim, maxLength: dim }) },
  fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -4, max: 4 }), {
    minLength: dim,
    maxLength: dim,
  }),
)
// UTF-8 and UTF-16 order the last two differently
const name = fc.constantFrom('', 'é', '\uff5e', '\u{1f600}')
const id = fc.tuple(name, fc.nat(60)).map(([prefix, n]) => `${prefix}${n}`)
const kind = fc.constantFrom('a', 'b', 'c')
const row = fc.record({ id, vector, kind, text: fc.constantFrom('', 'one', 'two') })
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ on: fc.constant('/index' as const), rows: fc.array(row, { maxLength: 30 }) }),
  },
  fc.record({ on: fc.constant('/update' as const), rows: fc.array(row, { maxLength: 10 }) }),
  fc.record({ on: fc.constant('/delete' as const), rows: fc.array(row, { maxLength: 15 }) }),
)
const question = fc.record({
  // ids are optional, and need not be unique
  queries: fc.array(fc.tuple(fc.constantFrom('q', 'r', '', 'same'), vector), { minLength: 1, maxLength: 4 }),
  limit: fc.option(fc.integer({ min: 1, max: 25 }), { nil: undefined }),
  kind: fc.option(kind, { nil: undefined }),
  ids: fc.array(id, { minLength: 1, maxLength: 8 }),
})
const requestSize = fc.constantFrom(1, 5, 12, 40)

type Row = typeof row extends fc.Arbitrary<infer T> ? T : never
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
type Question = typeof question extends fc.Arbitrary<infer T> ? T : never

/** The differences between the indexes. */
interface Index {
  readonly uses: URL
  readonly usesWith?: Readonly<Record<string, unknown>>
  readonly score: string
  /** Parameters that select one kind of documents. */
  filter(kind: string): Readonly<Record<string, unknown>>
  readonly numRuns: number
}

const columns = { kind: 'string' } as const
const indexes: Readonly<Record<string, Index>> = {
  'an index in memory': {
    uses: memoryIndex,
    score: 'sqeuclidean',
    filter: (wanted) => ({ kind: wanted }),
    numRuns: 40,
  },
  ...Object.fromEntries(
    ['cosine', 'l2', 'dot'].map((metric) => [
      `a VectorIndexer by ${metric}`,
      {
        uses: polledIndexer,
        usesWith: { metric, columns, dim, limit: 5 },
        score: metric,
        filter: (wanted: string) => ({ filter: { tags__kind: { $eq: wanted } } }),
        numRuns: 5,
      } satisfies Index,
    ]),
  ),
}

describe.each(Object.entries(indexes))('%s', (_, index) => {
  let workspace: string
  let flows: readonly Flow<'indexer'>[]
  beforeAll(async () => {
    workspace = mkdtempSync(path.join(tmpdir(), 'millrace-invisible-'))
    flows = counts.map((shards) =>
      new Flow({ quiet: true, host: '127.0.0.1', workspace: path.join(workspace, String(shards)) }).add({
        name: 'indexer',
        uses: index.uses,
        ...(index.usesWith && { usesWith: index.usesWith }),
        runtime: 'thread',
        shards,
        polling,
      }),
    )
    await Promise.all(flows.map((flow) => flow.start()))
  }, 60_000)
  afterAll(async () => {
    await Promise.all(flows.map((flow) => flow.close()))
    rmSync(workspace, { recursive: true, force: true })
  })

  /** The answers of each Flow after the same steps; the first Flow has a single shard. */
  async function answersOf(asked: Question, store: (flow: Flow<'indexer'>) => Promise<unknown>) {
    return Promise.all(
      flows.map(async (flow) => {
        await flow.post('/drop', undefined, { parameters: { all: true } })
        await store(flow)
        return answerOf(flow, asked)
      }),
    )
  }

  async function answerOf(flow: Flow<'indexer'>, asked: Question) {
    const { queries, limit, kind: wanted, ids } = asked
    const parameters = {
      ...(limit !== undefined && { limit }),
      ...(wanted !== undefined && index.filter(wanted)),
    }
    const search = queries.map(
      ([of, embedding]) => new Document({ id: of, embedding: new Float32Array(embedding) }),
    )
    const found = await respond(flow, '/search', search, parameters)
    const got = ids.map((of) => new Document({ id: of }))
    return {
      found: Array.from(found.docs, (query) => [query.id, viewOf(query.matches, index.score)]),
      byKey: viewOf((await respond(flow, '/get', got)).docs),
      byAll: viewOf((await respond(flow, '/fetch', got)).docs),
      count: await countOf(flow),
    }
  }

  it('has the same matches, scores and order for any documents placed by KEY', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 5 }),
        question,
        requestSize,
        async (steps, asked, size) => {
          const answers = await answersOf(asked, async (flow) => {
            for (const { on, rows } of steps) {
              // the order of concurrent requests is undefined
              await flow.post(on, documentsOf(on, rows), { requestSize: size, prefetch: 1 })
            }
          })
          expect(answers[0]!.count).toBe(storedBy(steps).size)
          for (const answer of answers) expect(answer).toEqual(answers[0])
        },
      ),
      { numRuns: index.numRuns, seed: 23 },
    )
  }, 60_000)

  it('has the same matches, scores and order for documents placed by ANY', async () => {
    const corpus = fc.uniqueArray(row, { minLength: 1, maxLength: 60, selector: (one) => one.id })
    await fc.assert(
      fc.asyncProperty(corpus, question, requestSize, async (rows, asked, size) => {
        const answers = await answersOf(asked, (flow) =>
          flow.post('/add', documentsOf('/index', rows), { requestSize: size }),
        )
        expect(answers[0]!.count).toBe(rows.length)
        // a document that was not placed by its key cannot be found by its key
        for (const answer of answers)
          expect({ ...answer, byKey: null }).toEqual({ ...answers[0], byKey: null })
      }),
      { numRuns: index.numRuns, seed: 22 },
    )
  }, 60_000)

  it('obeys the limit of the stage or of its Executor', async () => {
    const rows = Array.from(
      { length: 40 },
      (_, n): Row => ({ id: `${n}`, vector: [n % 3, 1, 0, 0], kind: 'a', text: '' }),
    )
    for (const flow of flows) {
      await flow.post('/drop', undefined, { parameters: { all: true } })
      await flow.post('/index', documentsOf('/index', rows))
      for (const parameters of [
        { indexer__limit: 3 },
        { indexer: { limit: 3 } },
        { MemoryIndex: { limit: 3 }, PolledIndexer: { limit: 3 } },
      ]) {
        const query = new Document({ id: 'q', embedding: Float32Array.of(1, 1, 0, 0) })
        const { docs } = await respond(flow, '/search', [query], parameters)
        expect([...docs.at(0)!.matches].map((match) => match.id)).toEqual(
          index.score === 'dot' ? ['11', '14', '17'] : ['1', '10', '13'],
        )
      }
    }
  })
})

it('refuses a delete with documents together with ids or a filter, which would be partial', async () => {
  const workspace = mkdtempSync(path.join(tmpdir(), 'millrace-invisible-'))
  await using flow = new Flow({ quiet: true, host: '127.0.0.1', workspace }).add({
    name: 'indexer',
    uses: polledIndexer,
    usesWith: { columns },
    runtime: 'thread',
    shards: 3,
    polling,
  })
  try {
    await flow.start()
    const rows = Array.from({ length: 20 }, (_, n) => `${n}`)
    const stored = rows.map((of): Row => ({ id: of, vector: [1, 0, 0, 0], kind: 'a', text: '' }))
    await flow.post('/index', documentsOf('/index', stored))
    for (const parameters of [{ ids: rows }, { filter: { tags__kind: { $eq: 'a' } } }]) {
      await expect(flow.post('/delete', new Document({ id: '0' }), { parameters })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringContaining('cannot be combined with documents') as string,
      })
    }
    expect(await countOf(flow)).toBe(20)
    await flow.post('/delete', undefined, { parameters: { ids: rows.slice(1) } })
    expect(await countOf(flow)).toBe(1)
  } finally {
    await flow.close()
    rmSync(workspace, { recursive: true, force: true })
  }
})

async function respond(
  flow: Flow<string>,
  on: string,
  docs: Document[] | undefined,
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<Response> {
  const [response] = await flow.post(on, docs, { returnResponses: true, parameters })
  return response!
}

/** Number of documents over all shards. */
async function countOf(flow: Flow<string>): Promise<number> {
  const { parameters } = await respond(flow, '/count', undefined)
  const results = Object.values(parameters.__results__ as Record<string, { readonly count: number }>)
  return results.reduce((sum, { count }) => sum + count, 0)
}

function documentsOf(on: Step['on'], rows: readonly Row[]): Document[] {
  return rows.map(({ id: of, vector: embedding, kind: tag, text }) => {
    if (on === '/delete') return new Document({ id: of })
    if (on === '/update') return new Document({ id: of, tags: { kind: tag } })
    return new Document({ id: of, text, tags: { kind: tag }, embedding: new Float32Array(embedding) })
  })
}

/** Ids that are stored after all steps. */
function storedBy(steps: readonly Step[]): Set<string> {
  const stored = new Set<string>()
  for (const { on, rows } of steps) {
    for (const { id: of } of rows) {
      if (on === '/index') stored.add(of)
      else if (on === '/delete') stored.delete(of)
    }
  }
  return stored
}

function viewOf(docs: DocumentArray, score?: string) {
  return Array.from(docs, ({ id: of, text, tags, embedding, scores }) => ({
    id: of,
    text,
    tags,
    embedding: embedding?.kind === 'dense' ? [...embedding.toFloat64()] : undefined,
    score: score === undefined ? undefined : scores[score]!.value,
  }))
}
