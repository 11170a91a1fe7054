import { describe, expect, test } from 'vitest'
import type { Call, Handler } from '../call/call.js'
import { Scope } from '../call/scope.js'
import { Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { deferred } from '../lib/deferred.js'
import { DataRequest } from '../wire/data-request.js'
import { fakeShard, fakeStage, idsOf, requestOf } from './fakes.suite.js'

const call = (): Scope => new Scope(Number.POSITIVE_INFINITY, {})
const coverage = (answer: DataRequest): unknown =>
  (answer.parameters.__coverage__ as Record<string, unknown>).exec
const fails =
  (error: MillraceError): Handler =>
  () =>
    Promise.reject(error)
const refuses: Handler = async (request) => {
  const answer = request.answer()
  answer.status = { code: 'ERROR', description: 'RangeError: no' }
  return answer
}
/** How often the event loop goes round until `stop`: that is when others would be served. */
function countTurns(): { stop(): number } {
  let turns = 0
  let timer = setImmediate(turn)
  function turn(): void {
    turns++
    timer = setImmediate(turn)
  }
  return {
    stop() {
      clearImmediate(timer)
      return turns
    },
  }
}
/** Never answers; notes why it was aborted. */
function hanging() {
  const aborted = deferred<unknown>()
  const handle: Handler = (_, { signal }: Call) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        aborted.resolve(signal.reason)
        reject(signal.reason)
      })
    })
  return { handle, aborted: aborted.promise }
}
const lost = new MillraceError('UNAVAILABLE', 'The connection is gone.')
const never = new MillraceError('UNAVAILABLE', 'It takes no more.', { notRun: true })

describe('a request to one shard', () => {
  test('goes to the least loaded', async () => {
    const shards = [0, 1, 2].map((index) => fakeShard(index))
    const { handle } = fakeStage(shards, { polling: 'ANY' })
    shards[0]!.load = 2
    shards[1]!.load = 1
    shards[2]!.load = 3
    const answer = await handle(requestOf('/x', ['d0']), call())
    expect(shards.map(({ got }) => got.length)).toEqual([0, 1, 0])
    expect(coverage(answer)).toEqual({ total: 3, ok: 1, failed: 0, skipped: 2 })
  })

  test('of equally loaded ones goes to the one that was given the least', async () => {
    const shards = [0, 1, 2].map((index) => fakeShard(index))
    const { handle } = fakeStage(shards, { polling: 'ANY' })
    for (let count = 0; count < 9; count++) await handle(requestOf('/x', ['d0']), call())
    expect(shards.map(({ got }) => got.length)).toEqual([3, 3, 3])
  })

  test('goes to another one where nobody took it', async () => {
    const shards = [fakeShard(0, fails(never)), fakeShard(1)]
    const { handle, tally } = fakeStage(shards, { polling: 'ANY' })
    expect(idsOf(await handle(requestOf('/write', ['d0']), call()))).toEqual(['d0'])
    expect(tally.of('exec/shard-0')).toEqual({ asked: 1, failed: 1 })
  })

  test('that writes and was lost goes nowhere else', async () => {
    const shards = [fakeShard(0, fails(lost)), fakeShard(1)]
    const { handle } = fakeStage(shards, { polling: 'ANY' })
    await expect(handle(requestOf('/write', ['d0']), call())).rejects.toBe(lost)
    expect(shards[1]!.got).toEqual([])
  })
})

describe('a request to all shards', () => {
  test('keeps documents apart that have the same id, or none', async () => {
    const found =
      (index: number): Handler =>
      async (request) => {
        const answer = request.answer()
        for (const [at, doc] of [...answer.docs].entries())
          doc.matches.push(new Document({ id: `m${at}${index}` }))
        return answer
      }
    const { handle } = fakeStage([0, 1].map((index) => fakeShard(index, found(index))))
    const { docs } = await handle(requestOf('/x', ['a', 'a', '', '', 'b']), call())
    expect([...docs].map(({ id }) => id)).toEqual(['a', 'a', '', '', 'b'])
    const matches = [...docs].map((doc) => [...doc.matches].map(({ id }) => id))
    expect(matches).toEqual([0, 1, 2, 3, 4].map((at) => [`m${at}0`, `m${at}1`]))
  })
})

describe('a request to the owners of its documents', () => {
  test('is split, and answered in the order in which it came', async () => {
    const shards = [0, 1, 2].map((index) => fakeShard(index))
    const { handle } = fakeStage(shards, { polling: 'KEY' })
    const ids = ['d4', 'd1', 'd0', 'd3', 'd7']
    const answer = await handle(requestOf('/x', ids), call())
    expect(idsOf(answer)).toEqual(ids)
    expect(shards.map(({ got }) => got)).toEqual([[['d0', 'd3']], [['d4', 'd1', 'd7']], []])
    expect(coverage(answer)).toEqual({ total: 3, ok: 2, failed: 0, skipped: 1 })
  })

  test('is about all of them when it has no documents', async () => {
    const shards = [0, 1, 2].map((index) => fakeShard(index))
    const { handle } = fakeStage(shards, { polling: 'KEY' })
    const answer = await handle(requestOf('/x', []), call())
    expect(shards.map(({ got }) => got.length)).toEqual([1, 1, 1])
    expect(coverage(answer)).toMatchObject({ ok: 3, skipped: 0 })
  })

  test('is answered without the documents of a shard that is gone when that is allowed', async () => {
    const shards = [fakeShard(0), fakeShard(1, fails(lost)), fakeShard(2)]
    const { handle } = fakeStage(shards, { polling: 'KEY', onShardFailure: 'partial' })
    const answer = await handle(requestOf('/x', ['d5', 'd4', 'd0']), call())
    expect(idsOf(answer)).toEqual(['d5', 'd0'])
    expect(coverage(answer)).toMatchObject({ total: 3, ok: 2, failed: 1, skipped: 0 })
  })

  test('leaves the event loop to others while it deals out very many, and puts them together again', async () => {
    const shards = [0, 1, 2].map((index) => fakeShard(index))
    const { handle } = fakeStage(shards, { polling: 'KEY' })
    const ids = Array.from({ length: 5_000 }, (_, at) => `d${at}`)
    const others = countTurns()
    const answered = handle(requestOf('/x', ids), call())
    await expect(answered.then(idsOf)).resolves.toEqual(ids)
    // 5,000 placed, and those of the answers outlined and assembled, 500 at a time
    expect(others.stop()).toBeGreaterThan(20)
  })

  test('of very many documents stops when its caller leaves', async () => {
    const shards = [fakeShard(0), fakeShard(1)]
    const { handle } = fakeStage(shards, { polling: 'KEY' })
    const ids = Array.from({ length: 5_000 }, (_, at) => `d${at}`)
    const leaving = call()
    const answered = handle(requestOf('/x', ids), leaving)
    const reason = new MillraceError('CANCELLED', 'The caller left.')
    leaving.abort(reason)
    await expect(answered).rejects.toBe(reason)
    expect(shards.flatMap(({ got }) => got)).toEqual([])
  })

  test('that has a document without a key is refused', async () => {
    const { handle } = fakeStage([fakeShard(0), fakeShard(1)], {
      polling: 'KEY',
      place: () => {
        throw new MillraceError('INVALID_INPUT', 'no key')
      },
    })
    await expect(handle(requestOf('/x', ['d0']), call())).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})

describe('a request to all shards', () => {
  const matching =
    (...ids: [id: string, value: number][]): Handler =>
    async (request) => {
      const answer = DataRequest.decode(request.encode())
      for (const doc of answer.docs) {
        doc.matches = new DocumentArray(
          ids.map(([id, value]) => new Document({ id, scores: { cosine: { value } } })),
        )
      }
      answer.parameters = { __results__: { [ids[0]![0]]: { found: ids.length } } }
      return DataRequest.decode(answer.encode())
    }

  test('merges matches by score, cuts them to the limit, and keeps all results', async () => {
    const shards = [
      fakeShard(0, matching(['a', 0.125], ['b', 0.5])),
      fakeShard(1, matching(['c', 0.25], ['d', 0.5])),
      fakeShard(2, matching(['e', 0.375])),
    ]
    const { handle } = fakeStage(shards)
    const answer = await handle(requestOf('/search', ['q'], { limit: 4 }), call())
    const [query] = DataRequest.decode(answer.encode()).docs
    expect([...query!.matches].map(({ id }) => id)).toEqual(['a', 'c', 'e', 'b'])
    expect(answer.parameters.__results__).toEqual({ a: { found: 2 }, c: { found: 2 }, e: { found: 1 } })
    expect(coverage(answer)).toEqual({ total: 3, ok: 3, failed: 0, skipped: 0 })
  })

  test('fails with the first failure, names the shard, and aborts the others', async () => {
    const slow = hanging()
    const shards = [fakeShard(0, slow.handle), fakeShard(1, fails(lost)), fakeShard(2)]
    const { handle, tally } = fakeStage(shards)
    const error = await handle(requestOf('/search', ['q']), call()).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'UNAVAILABLE', where: { deployment: 'exec', pod: 'exec/shard-1' } })
    expect((error as Error).message).toMatch(/^exec\/shard-1 failed, of 3 shards\. The connection is gone/)
    expect(await slow.aborted).toMatchObject({ code: 'CANCELLED' })
    expect(tally.of('exec/shard-1')).toEqual({ asked: 1, failed: 1 })
  })

  test("answers with an executor's failure as it is, and names the shard", async () => {
    const { handle } = fakeStage([fakeShard(0), fakeShard(1, refuses)])
    const answer = await handle(requestOf('/search', ['q']), call())
    expect(answer.status).toMatchObject({
      code: 'ERROR',
      description: 'exec/shard-1 failed, of 2 shards. RangeError: no',
    })
    expect(coverage(answer)).toEqual({
      total: 2,
      ok: 1,
      failed: 1,
      skipped: 0,
      failures: [{ shard: 'exec/shard-1', code: 'EXECUTOR_FAILED', message: 'RangeError: no' }],
    })
  })

  test('does not blame the shards that it lets go because another one failed', async () => {
    const slow = [hanging(), hanging()]
    const shards = [fakeShard(0, slow[0]!.handle), fakeShard(1, refuses), fakeShard(2, slow[1]!.handle)]
    const { handle, tally } = fakeStage(shards)
    const answer = await handle(requestOf('/search', ['q']), call())
    expect(coverage(answer)).toEqual({
      total: 3,
      ok: 0,
      failed: 1,
      skipped: 2,
      failures: [{ shard: 'exec/shard-1', code: 'EXECUTOR_FAILED', message: 'RangeError: no' }],
    })
    expect(shards.map(({ name }) => tally.of(name))).toEqual([
      { asked: 1, failed: 0 },
      { asked: 1, failed: 1 },
      { asked: 1, failed: 0 },
    ])
    expect(await slow[0]!.aborted).toMatchObject({ message: expect.stringContaining('failed') as string })
  })

  test('that writes is done by all shards that can, and says by which when one cannot', async () => {
    const gate = deferred()
    const late: Handler = async (request) => {
      await gate.promise
      return request.answer()
    }
    const shards = [fakeShard(0, fails(lost)), fakeShard(1, late)]
    const { handle } = fakeStage(shards, { onShardFailure: 'partial' })
    const answered = handle(requestOf('/write', ['d0']), call())
    gate.resolve()
    await expect(answered).rejects.toMatchObject({
      message: expect.stringContaining('it was done by exec/shard-1') as string,
      retryable: false,
      notRun: false,
    })
  })

  test('is answered by those that are there when that is allowed', async () => {
    const shards = [fakeShard(0), fakeShard(1, fails(lost)), fakeShard(2)]
    const { handle } = fakeStage(shards, { onShardFailure: 'partial', minShards: 2 })
    const answer = await handle(requestOf('/search', ['q']), call())
    expect(coverage(answer)).toEqual({
      total: 3,
      ok: 2,
      failed: 1,
      skipped: 0,
      failures: [{ shard: 'exec/shard-1', code: 'UNAVAILABLE', message: 'The connection is gone.' }],
    })
  })

  test('fails when fewer are there than are needed', async () => {
    const shards = [fakeShard(0), fakeShard(1, fails(lost)), fakeShard(2, fails(lost))]
    const { handle } = fakeStage(shards, { onShardFailure: 'partial', minShards: 2 })
    await expect(handle(requestOf('/search', ['q']), call())).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('waits no longer than the soft deadline for more than it needs', async () => {
    const slow = hanging()
    const shards = [fakeShard(0), fakeShard(1, slow.handle)]
    const { handle, clock } = fakeStage(shards, { onShardFailure: 'partial', softDeadlineMs: 50 })
    const answered = handle(requestOf('/search', ['q']), call())
    await Promise.resolve()
    clock.move(50)
    expect(coverage(await answered)).toMatchObject({
      ok: 1,
      failed: 1,
      failures: [{ shard: 'exec/shard-1', code: 'DEADLINE_EXCEEDED' }],
    })
    expect(await slow.aborted).toMatchObject({ code: 'CANCELLED' })
  })

  test('waits beyond the soft deadline for what it needs', async () => {
    const gate = deferred()
    const late: Handler = async (request) => {
      await gate.promise
      return request.answer()
    }
    const shards = [fakeShard(0, late), fakeShard(1, late)]
    const { handle, clock } = fakeStage(shards, { onShardFailure: 'partial', softDeadlineMs: 50 })
    const answered = handle(requestOf('/search', ['q']), call())
    clock.move(60)
    gate.resolve()
    expect(coverage(await answered)).toMatchObject({ total: 2 })
  })

  test('aborts all shards with the reason of the caller, who leaves', async () => {
    const slow = [hanging(), hanging()]
    const { handle } = fakeStage(slow.map(({ handle: own }, index) => fakeShard(index, own)))
    const scope = call()
    const answered = handle(requestOf('/search', ['q']), scope)
    const gone = new MillraceError('CANCELLED', 'The client went away.')
    scope.abort(gone)
    await expect(answered).rejects.toBe(gone)
    expect(await Promise.all(slow.map(({ aborted }) => aborted))).toEqual([gone, gone])
  })
})

describe('a stage whose only shard is there for a limit', () => {
  const threeMatches: Handler = async (request) => {
    const answer = request.answer()
    const matches = new DocumentArray(
      ['m1', 'm2', 'm3'].map((id, at) => new Document({ id, scores: { distance: { value: at } } })),
    )
    return answer.withList([new DocumentArray([new Document({ id: 'q', matches })]).toProtobuf()])
  }
  const matchesOf = (answer: DataRequest): string[] =>
    [...DataRequest.decode(answer.encode()).docs.at(0)!.matches].map(({ id }) => id)

  test('cuts what it answers, and says nothing of shards', async () => {
    const { handle } = fakeStage([fakeShard(0, threeMatches)], { polling: 'ALL', ranking: { limit: 2 } })
    const answer = await handle(requestOf('/search', ['q']), call())
    expect(matchesOf(answer)).toEqual(['m1', 'm2'])
    expect(answer.parameters).toEqual({})
    expect(matchesOf(await handle(requestOf('/index', ['q']), call()))).toHaveLength(3)
  })

  test('fails with the words of its executor', async () => {
    const { handle } = fakeStage([fakeShard(0, refuses)], { polling: 'ALL', ranking: { limit: 2 } })
    const answer = await handle(requestOf('/search', ['q']), call())
    expect(answer.status).toEqual({ code: 'ERROR', description: 'RangeError: no' })
    expect(answer.parameters).toEqual({})
  })
})
