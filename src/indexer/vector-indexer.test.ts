import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CsrMatrix, Document, NdArray } from '../document/index.js'
import { context, docs, find, Fixture } from './fixture.suite.js'

let fixture: Fixture
beforeEach(() => {
  fixture = new Fixture()
})
afterEach(() => fixture.close())

const none = docs([])

describe('an index that was never written to', () => {
  it('finds nothing, counts nothing, and can be flushed', async () => {
    const indexer = fixture.indexer()
    expect(await find(indexer, [1, 2])).toEqual([])
    expect(await indexer.count(none, context())).toEqual({ count: 0 })
    expect(await indexer.flush()).toEqual({ flushed: true })
    expect(await indexer.delete(docs([{ id: 'a' }]), context())).toEqual({ deleted: 0 })
    expect(await indexer.update(docs([{ id: 'a', text: 'x' }]))).toEqual({ updated: 0, missing: ['a'] })
    expect((await indexer.get(docs([{ id: 'a', text: 'x' }]), context())).toJSON()).toEqual(
      docs([{ id: 'a' }]).toJSON(),
    )
  })
})

describe('/index', () => {
  it('stores by id: of two documents with one id the last one stays', async () => {
    const indexer = fixture.indexer()
    const embedding = [1, 0]
    expect(
      await indexer.index(
        docs([
          { id: 'a', text: 'old', embedding },
          { id: 'a', text: 'new', embedding },
        ]),
      ),
    ).toEqual({ indexed: 2 })
    await indexer.index(docs([{ id: 'a', text: 'newest', embedding }]))
    expect(await indexer.count(none, context())).toEqual({ count: 1 })
    expect((await indexer.get(docs([{ id: 'a' }]), context())).texts).toEqual(['newest'])
  })

  it('returns whole documents', async () => {
    const indexer = fixture.indexer()
    const given = new Document({
      id: "it's \\ 'quoted' – ünïcode 🦉",
      text: 'hello',
      tags: { deep: { list: [1, 'two', null] } },
      chunks: [{ text: 'hel' }],
      embedding: new Float32Array([1, 2]),
    })
    await indexer.index(docs([given]))
    const [stored] = await indexer.get(docs([{ id: given.id }]), context())
    expect(stored!.toJSON()).toEqual(given.toJSON())
    const query = new Document({ embedding: [1, 2] })
    await indexer.search(docs([query]), context())
    const match = query.matches.at(0)!
    expect(match.embedding).toBeUndefined()
    expect(match.chunks.texts).toEqual(['hel'])
    expect(match.adjacency).toBe(1)
    await indexer.search(docs([query]), context({ includeEmbeddings: true }))
    expect((query.matches.at(0)!.embedding as NdArray).toList()).toEqual([1, 2])
  })

  it('does not change the documents given to it', async () => {
    const indexer = fixture.indexer()
    const given = docs([{ id: 'a', embedding: [1, 2] }])
    const before = given.toJSON()
    await indexer.index(given)
    expect(given.toJSON()).toEqual(before)
  })

  it('stores sparse embeddings as dense ones', async () => {
    const indexer = fixture.indexer()
    const given = docs([{ id: 'a' }, { id: 'b' }])
    given.embeddings = new CsrMatrix({ shape: [2, 3], indptr: [0, 1, 2], indices: [0, 2], data: [1, 1] })
    await indexer.index(given)
    expect(await find(indexer, [0, 0, 1], { limit: 1 })).toEqual([['b', 0]])
  })

  it.each([
    ['no id', { id: '', embedding: [1] }, /needs an id/],
    ['no embedding', { id: 'a' }, /Document a has no embedding/],
    ['another length', { id: 'a', embedding: [1, 2, 3] }, /3 numbers, but the index has 2/],
    [
      'a matrix',
      {
        id: 'a',
        embedding: [
          [1, 2],
          [3, 4],
        ],
      },
      /shape \[2, 2\]/,
    ],
    ['what float32 cannot hold', { id: 'a', embedding: [1e300, 0] }, /not finite/],
    ['a tag of another type', { id: 'a', embedding: [1, 2], year: 'MM' }, /Tag year of document a/],
  ])('refuses a document with %s', async (_, init, message) => {
    const indexer = fixture.indexer({ columns: { year: 'int' } })
    await indexer.index(docs([{ id: 'first', embedding: [0, 1] }]))
    await expect(indexer.index(docs([init]))).rejects.toThrow(message)
    expect(await indexer.count(none, context())).toEqual({ count: 1 })
  })

  it.each(['l2', 'dot'] as const)(
    'refuses embeddings so long that a score by %s would be infinite, and queries too',
    async (metric) => {
      const indexer = fixture.indexer({ metric })
      const longest = 9.2e18
      await indexer.index(docs([{ id: 'far', embedding: [longest, 0] }]))
      const scores = (await find(indexer, [-longest, 0])).map(([, score]) => score)
      expect(scores.every((score) => Number.isFinite(Math.fround(score)))).toBe(true)
      const refused = {
        code: 'INVALID_INPUT',
        message: expect.stringMatching(/^Document (query|x) .*9\.2e18/) as string,
      }
      await expect(indexer.index(docs([{ id: 'x', embedding: [longest, longest] }]))).rejects.toMatchObject(
        refused,
      )
      await expect(indexer.update(docs([{ id: 'far', embedding: [3e38, 0] }]), context())).rejects.toThrow(
        /9\.2e18/,
      )
      await expect(find(indexer, [3e38, 3e38])).rejects.toMatchObject(refused)
    },
  )

  it('takes embeddings of any length under cosine', async () => {
    const indexer = fixture.indexer({ metric: 'cosine' })
    await indexer.index(
      docs([
        { id: 'long', embedding: [3e38, 3e38] },
        { id: 'short', embedding: [1e-45, 0] },
      ]),
    )
    const found = await find(indexer, [1e-30, 1e-30])
    expect(found.map(([id, score]) => [id, score.toFixed(3)])).toEqual([
      ['long', '0.000'],
      ['short', '0.293'],
    ])
  })

  it('commits many small requests together, and refuses only the invalid one', async () => {
    const indexer = fixture.indexer({ dim: 2 })
    const requests = Array.from({ length: 50 }, (_, at) =>
      indexer.index(docs([{ id: `d${at}`, embedding: at === 7 ? [1, 2, 3] : [at, 1] }])),
    )
    const outcomes = await Promise.allSettled(requests)
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1)
    expect(await indexer.count(none, context())).toEqual({ count: 49 })
  })
})

describe('/update', () => {
  it('replaces the given fields, and reports ids that do not exist', async () => {
    const indexer = fixture.indexer({ columns: { year: 'int' } })
    await indexer.index(docs([{ id: 'a', text: 'one', tags: { year: 1, lang: 'en' }, embedding: [1, 0] }]))
    expect(
      await indexer.update(
        docs([
          { id: 'a', tags: { year: 2 } },
          { id: 'b', text: 'two' },
          { id: 'a', text: 'three' },
        ]),
      ),
    ).toEqual({ updated: 1, missing: ['b'] })
    const [stored] = await indexer.get(docs([{ id: 'a' }]), context())
    expect(stored!.text).toBe('three')
    expect(stored!.tags).toEqual({ year: 2 })
    expect(await find(indexer, [1, 0], { filter: { tags__year: { $eq: 2 } } })).toEqual([['a', 0]])
    await indexer.update(docs([{ id: 'a', embedding: [0, 1] }]))
    expect(await find(indexer, [0, 1])).toEqual([['a', 0]])
    await expect(indexer.update(docs([{ id: 'a', embedding: [1] }]))).rejects.toThrow(/1 numbers/)
  })
})

describe('/delete', () => {
  it('deletes by documents, ids and filter', async () => {
    const indexer = fixture.indexer({ columns: { n: 'int' } })
    await indexer.index(docs(Array.from({ length: 10 }, (_, n) => ({ id: `d${n}`, n, embedding: [n, 1] }))))
    expect(
      await indexer.delete(docs([{ id: 'd0' }, { id: 'none' }]), context({ ids: ['d1', 'd0'] })),
    ).toEqual({
      deleted: 2,
    })
    expect(await indexer.delete(none, context({ filter: { tags__n: { $gte: 8 } } }))).toEqual({ deleted: 2 })
    expect(await indexer.delete(none, context({ filter: { text: { $exists: true } } }))).toEqual({
      deleted: 0,
    })
    expect((await find(indexer, [1, 1])).map(([id]) => id).sort()).toEqual([
      'd2',
      'd3',
      'd4',
      'd5',
      'd6',
      'd7',
    ])
  })
})

describe('/delete of everything', () => {
  it.each([
    {},
    { $and: [] },
    { $and: {} },
    { $not: { $or: [] } },
    { $or: [{}, { text: { $eq: 'x' } }] },
    { id: { $nin: [] } },
  ])('needs more than a filter that passes everything: %j', async (filter) => {
    const indexer = fixture.indexer()
    await indexer.index(docs([{ id: 'a', embedding: [1, 2] }]))
    await expect(indexer.delete(none, context({ filter }))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('{ all: true }') as string,
    })
    await expect(indexer.delete(none, context({ filter, all: false }))).rejects.toThrow(/all: true/)
    expect(await indexer.count(none, context())).toEqual({ count: 1 })
    expect(await indexer.delete(none, context({ filter, all: true }))).toEqual({ deleted: 1 })
  })

  it('must be requested alone', async () => {
    const indexer = fixture.indexer()
    await indexer.index(docs(['a', 'b', 'c'].map((id) => ({ id, embedding: [1, 2] }))))
    const all = true
    await expect(indexer.delete(docs([{ id: 'a' }]), context({ all }))).rejects.toThrow(
      /combined with documents/,
    )
    await expect(indexer.delete(none, context({ all, ids: ['a'] }))).rejects.toThrow(
      /combined with documents/,
    )
    await expect(indexer.delete(none, context({ all, filter: { id: { $eq: 'a' } } }))).rejects.toThrow(
      /filter/,
    )
    await expect(indexer.delete(none, context({ all: 'yes' }))).rejects.toThrow(/all must be true or false/)
    expect(await indexer.delete(none, context())).toEqual({ deleted: 0 })
    expect(await indexer.delete(none, context({ all }))).toEqual({ deleted: 3 })
  })
})

describe('parameters', () => {
  const endpoints = [
    'index',
    'update',
    'delete',
    'search',
    'get',
    'count',
    'flush',
    'snapshot',
    'restore',
  ] as const

  it.each(endpoints)('that /%s does not take are refused', async (endpoint) => {
    const indexer = fixture.indexer({ snapshots: fixture.folder })
    await indexer.index(docs([{ id: 'a', embedding: [1, 2] }]))
    for (const parameters of [
      { bogus: 1 },
      { bogus: 'x' },
      { filterr: {} },
      { where: { id: { $eq: 'a' } } },
    ]) {
      await expect(indexer[endpoint](none, context(parameters))).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringMatching(`/${endpoint} has no parameter '`) as string,
      })
    }
    expect(await indexer.count(none, context({ __results__: {}, encoder: { model: 'x' } }))).toEqual({
      count: 1,
    })
  })

  it.each([
    ['search', 'filters', 'filter'],
    ['search', 'top_k', 'limit'],
    ['search', 'limits', 'limit'],
    ['search', 'include_embeddings', 'includeEmbeddings'],
    ['delete', 'filters', 'filter'],
    ['delete', 'id', 'ids'],
    ['count', 'where', 'filter'],
    ['restore', 'names', 'name'],
  ] as const)('of /%s: %s is near %s', async (endpoint, name, near) => {
    const indexer = fixture.indexer()
    await expect(indexer[endpoint](none, context({ [name]: {} }))).rejects.toThrow(`did you mean '${near}'?`)
  })

  it('say whether embeddings come back from a write', async () => {
    const indexer = fixture.indexer()
    const given = docs([{ id: 'a', text: 'x', embedding: [1, 2] }])
    await indexer.index(given, context({ includeEmbeddings: true }))
    expect(given.at(0)!.embedding).toBeDefined()
    await indexer.index(given, context({ includeEmbeddings: false }))
    expect(given.toJSON()).toEqual(docs([{ id: 'a', text: 'x' }]).toJSON())
    const changed = docs([{ id: 'a', embedding: [2, 1] }])
    await indexer.update(changed, context({ includeEmbeddings: false }))
    expect(changed.at(0)!.embedding).toBeUndefined()
    expect((await find(indexer, [2, 1]))[0]![1]).toBeCloseTo(0, 6)
  })
})

describe('zero vectors', () => {
  const zero = { id: 'zero', embedding: [0, 0] }

  it('are refused under cosine', async () => {
    const indexer = fixture.indexer()
    await indexer.index(docs([{ id: 'a', embedding: [1, 2] }]))
    await expect(indexer.index(docs([zero]))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/Document zero has a zero vector.*zeroVectors: 'last'/) as string,
    })
    await expect(indexer.update(docs([{ id: 'a', embedding: [0, -0] }]))).rejects.toThrow(/zero vector/)
    expect(await indexer.update(docs([{ id: 'a', text: 'x' }]))).toMatchObject({ updated: 1 })
    await expect(find(indexer, [0, 0])).rejects.toThrow(/zero vector/)
    expect(() => fixture.indexer({ zeroVectors: 'first' as never })).toThrow(
      /zeroVectors must be refuse or last/,
    )
  })

  it.each([256 * 2 ** 20, 0])('or come last, at distance 2, with %i bytes of memory', async (cacheBytes) => {
    const indexer = fixture.indexer({ zeroVectors: 'last', cacheBytes })
    const others = Array.from({ length: 300 }, (_, n) => ({
      id: `d${n}`,
      embedding: [Math.cos(n), Math.sin(n)],
    }))
    await indexer.index(docs([zero, { id: 'short', embedding: [1e-20, 0] }, ...others]))
    const found = await find(indexer, [1, 0], { limit: 1000 })
    expect(found).toHaveLength(302)
    expect(found.at(-1)).toEqual(['zero', 2])
    // a short vector is ranked by its direction
    expect(found.find(([id]) => id === 'short')![1]).toBeCloseTo(0, 6)
    expect((await find(indexer, [-1, 0], { limit: 3 })).map(([id]) => id)).not.toContain('short')
    const nowhere = await find(indexer, [0, 0], { limit: 2 })
    expect(nowhere).toEqual([
      ['d0', 2],
      ['d1', 2],
    ])
    // a stored row that would be refused now can still be changed
    const strict = fixture.indexer({ cacheBytes })
    expect(await strict.update(docs([{ id: 'zero', text: 'x' }]))).toMatchObject({ updated: 1 })
  })

  it.each(['l2', 'dot'] as const)('are ordinary vectors under %s', async (metric) => {
    const indexer = fixture.indexer({ metric })
    await indexer.index(docs([zero, { id: 'a', embedding: [3, 4] }]))
    expect(await find(indexer, [0, 0])).toHaveLength(2)
  })
})

describe('/search', () => {
  it('orders by score, ties by id, and truncates after that', async () => {
    const indexer = fixture.indexer({ metric: 'l2', limit: 3 })
    await indexer.index(
      docs(['c', 'b', 'a', 'd', 'e'].map((id) => ({ id, embedding: [id === 'e' ? 0 : 1, 0] }))),
    )
    expect(await find(indexer, [0, 0])).toEqual([
      ['e', 0],
      ['a', 1],
      ['b', 1],
    ])
    expect(await find(indexer, [0, 0], { limit: 1 })).toEqual([['e', 0]])
  })

  it.each([
    ['cosine', 1 - 0.6],
    ['l2', 4 + 4],
    ['dot', 1 - 3],
  ] as const)('scores by %s', async (metric, expected) => {
    const indexer = fixture.indexer({ metric })
    await indexer.index(docs([{ id: 'a', embedding: [3, 4] }]))
    const [found] = await find(indexer, [metric === 'l2' ? 5 : 1, metric === 'l2' ? 2 : 0])
    expect(found![1]).toBeCloseTo(expected, 6)
  })

  it('refuses queries that do not fit and parameters that are invalid', async () => {
    const indexer = fixture.indexer()
    await indexer.index(docs([{ id: 'a', embedding: [3, 4] }]))
    await expect(find(indexer, [1])).rejects.toThrow(/1 numbers, but the index has 2/)
    await expect(find(indexer, [1, 2], { limit: 0 })).rejects.toThrow(/limit/)
    await expect(find(indexer, [1, 2], { filter: { tags__x: { $like: 1 } } })).rejects.toThrow(/\$like/)
    await expect(indexer.search(docs([{ text: 'x' }]), context())).rejects.toThrow(/no embedding/)
  })

  it('stops when its result is no longer wanted', async () => {
    const indexer = fixture.indexer()
    await indexer.index(docs([{ id: 'a', embedding: [3, 4] }]))
    const query = docs([{ embedding: [1, 2] }])
    await expect(indexer.search(query, context({}, AbortSignal.abort()))).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })

  it('reads from disk when the rows do not fit into memory, with the same answers', async () => {
    const writer = fixture.indexer()
    await writer.index(
      docs(
        Array.from({ length: 500 }, (_, n) => ({ id: `d${n}`, n, embedding: [Math.sin(n), Math.cos(n)] })),
      ),
    )
    const disk = fixture.indexer({ cacheBytes: 1000 })
    for (const filter of [
      undefined,
      { tags__n: { $gt: 250 } },
      { tags__n: { $gt: 250 }, id: { $neq: 'd251' } },
    ]) {
      expect(await find(disk, [1, 0.5], { filter })).toEqual(await find(writer, [1, 0.5], { filter }))
    }
    const wanted = docs([{ id: 'd3' }, { id: 'x' }, { id: 'd1' }])
    expect((await disk.get(wanted, context())).toJSON()).toEqual(
      (await writer.get(wanted, context())).toJSON(),
    )
  })
})

describe('replicas of a shard', () => {
  it('see each other’s writes once they are acknowledged', async () => {
    const replicas = [fixture.indexer(), fixture.indexer(), fixture.indexer()]
    for (let n = 0; n < 12; n++) {
      await replicas[n % 3]!.index(docs([{ id: `d${n}`, embedding: [n + 1, 1] }]))
      if (n % 4 === 3) await replicas[(n + 1) % 3]!.delete(docs([{ id: `d${n - 1}` }]), context())
      const answers = await Promise.all(replicas.map((replica) => find(replica, [1, 1], { limit: 20 })))
      expect(answers[1]).toEqual(answers[0])
      expect(answers[2]).toEqual(answers[0])
      expect(answers[0]).toHaveLength(n + 1 - Math.floor((n + 1) / 4))
    }
  })

  it('write concurrently without losing or duplicating anything', async () => {
    const replicas = [fixture.indexer(), fixture.indexer(), fixture.indexer()]
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        replicas[n % 3]!.index(docs([{ id: `d${n % 40}`, embedding: [n, 1] }])),
      ),
    )
    for (const replica of replicas) expect(await replica.count(none, context())).toEqual({ count: 40 })
  })

  it('may be as stale as allowed', async () => {
    const [writer, reader] = [fixture.indexer(), fixture.indexer({ staleMs: 3_600_000 })]
    await writer.index(docs([{ id: 'a', embedding: [1, 1] }]))
    expect(await find(reader, [1, 1])).toHaveLength(1)
    await writer.index(docs([{ id: 'b', embedding: [1, 1] }]))
    expect(await find(reader, [1, 1])).toHaveLength(1)
  })
})

describe('maintenance', () => {
  it('limits the number of files and versions, also while they are read', async () => {
    const indexer = fixture.indexer({ compactAfter: 4, keepVersionsMs: 0 })
    const reader = fixture.indexer({ cacheBytes: 0 })
    for (let n = 0; n < 40; n++) {
      await indexer.index(docs([{ id: `d${n}`, embedding: [n + 1, 1] }]))
      expect(await find(reader, [1, 1], { limit: 100 })).toHaveLength(n + 1)
    }
    await indexer.flush()
    expect(await find(indexer, [1, 1], { limit: 100 })).toHaveLength(40)
  })
})

it('accepted writes are done before close() ends, later ones are refused', async () => {
  const indexer = fixture.indexer()
  const write = indexer.index(docs([{ id: 'a', embedding: [1] }]))
  await indexer.close()
  expect(await write).toEqual({ indexed: 1 })
  await expect(indexer.index(docs([{ id: 'b', embedding: [1] }]))).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  })
  expect(await fixture.indexer().count(none, context())).toEqual({ count: 1 })
})

describe('options', () => {
  it('that cannot be used are refused when the executor is created', () => {
    for (const options of [
      { dim: 0 },
      { metric: 'euclid' },
      { limit: 1.5 },
      { columns: { 'a`b': 'int' } },
      { columns: { year: 'date' } },
      { index: { kind: 'hnsw', after: 1000 } },
      { index: { kind: 'ivf_pq', after: 1 } },
      { fsync: 'yes' },
      { cacheBytes: 2 ** 32 },
    ]) {
      expect(() => fixture.indexer(options as never)).toThrow(
        expect.objectContaining({
          code: 'INVALID_OPTION',
          message: expect.stringMatching(/^VectorIndexer: /),
        }),
      )
    }
    expect(() => fixture.indexer({ metrics: 'l2' } as never)).toThrow(/did you mean 'metric'/)
  })

  it('that do not match the table are refused when it is opened', async () => {
    await fixture.indexer({ columns: { year: 'int' } }).index(docs([{ id: 'a', embedding: [1, 2] }]))
    for (const options of [
      {},
      { columns: { year: 'string' } },
      { columns: { year: 'int' }, dim: 3 },
    ] as const) {
      await expect(fixture.indexer(options).count(none, context())).rejects.toMatchObject({
        code: 'INVALID_OPTION',
      })
    }
  })
})

it('a table whose creation was interrupted is created again', async () => {
  const { mkdirSync, writeFileSync } = await import('node:fs')
  const { join } = await import('node:path')
  const indexer = fixture.indexer()
  const torn = join(indexer.workspace, 'generation-000000000000', 'documents.lance', 'data')
  mkdirSync(torn, { recursive: true })
  writeFileSync(join(torn, 'x.lance'), 'half')
  expect(await indexer.count(none, context())).toEqual({ count: 0 })
  await indexer.index(docs([{ id: 'a', embedding: [1, 2] }]))
  expect(await indexer.count(none, context())).toEqual({ count: 1 })
})

it('with fsync everything works the same', async () => {
  const indexer = fixture.indexer({ fsync: true, compactAfter: 2 })
  for (let n = 0; n < 20; n++) await indexer.index(docs([{ id: `d${n}`, embedding: [n, 1] }]))
  expect(await indexer.count(none, context())).toEqual({ count: 20 })
})
