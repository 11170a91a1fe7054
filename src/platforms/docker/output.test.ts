import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LogQuestion } from '../../control/log-question.js'
import { connectEngine, type Engine } from '../../docker-engine/engine.js'
import { FakeEngine } from '../../docker-engine/fake-engine.suite.js'
import { HandClock } from '../../lib/hand-clock.suite.js'
import { logsOf } from '../output/logs.js'
import { flowLabels } from './names.js'
import { outputOf } from './output.js'

let fake: FakeEngine
let engine: Engine
let clock: HandClock

beforeEach(async () => {
  clock = new HandClock()
  fake = await FakeEngine.start()
  engine = await connectEngine({ DOCKER_HOST: fake.host })
  const labels = { [flowLabels.flow]: 'shop' }
  fake.add('shop-gateway', { ...labels, [flowLabels.part]: 'gateway' })
  for (const shard of [0, 1]) addReplica(`shop-indexer-${shard}-0`, shard)
  fake.add('other-who-0', { [flowLabels.flow]: 'other', [flowLabels.part]: 'executor' })
})
afterEach(() => fake.stop())

function addReplica(name: string, shard: number): void {
  const stage = { [flowLabels.stage]: 'indexer', [flowLabels.shard]: String(shard) }
  fake.add(name, { [flowLabels.flow]: 'shop', [flowLabels.part]: 'executor', ...stage })
}

/** A time of the test's day, with nanoseconds. */
function at(second: number, nanos = 0): string {
  return `2026-11-30T12:00:${String(second).padStart(2, '0')}.${String(nanos).padStart(9, '0')}Z`
}

const plain: LogQuestion = {
  ...{ of: null, lines: null, follow: false, format: 'text', colour: false, time: false },
}

async function shown(question: Partial<LogQuestion> = {}): Promise<readonly string[]> {
  let text = ''
  for await (const piece of logsOf(outputOf(engine, 'shop'), { ...plain, ...question }, clock)) text += piece
  return text.split('\n').filter((line) => line !== '')
}

describe('the output of a Flow on Docker', () => {
  it('is that of its containers in the order of time, with their names', async () => {
    fake.print('shop-indexer-0-0', at(2), 'indexer@17[I]: second {"requestId":"b"}')
    fake.print('shop-indexer-1-0', at(1), 'indexer@17: printed', 'err')
    fake.print('shop-gateway', at(3), 'a crash of something else')
    expect(await shown()).toEqual([
      'shop-indexer-1-0@17: printed',
      'shop-indexer-0-0@17[I]: second {"requestId":"b"}',
      'shop-gateway@1: a crash of something else',
    ])
    expect(await shown({ lines: 2 })).toHaveLength(2)
    expect(await shown({ lines: 0 })).toEqual([])
    expect((await shown({ lines: 1, time: true }))[0]).toBe(
      '2026-11-30T12:00:03.000Z shop-gateway@1: a crash of something else',
    )
  })

  it('is that of a stage, a shard, a container or the gateway', async () => {
    for (const name of ['shop-gateway', 'shop-indexer-0-0', 'shop-indexer-1-0'])
      fake.print(name, at(1), `who@1: ${name}`)
    expect(await shown({ of: 'indexer' })).toHaveLength(2)
    expect(await shown({ of: 'indexer/shard-1' })).toEqual(['shop-indexer-1-0@1: shop-indexer-1-0'])
    expect(await shown({ of: 'shop-indexer-0-0' })).toEqual(['shop-indexer-0-0@1: shop-indexer-0-0'])
    expect(await shown({ of: 'gateway' })).toEqual(['shop-gateway@1: shop-gateway'])
    await expect(shown({ of: 'indexxer' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `No container belongs to "indexxer". Did you mean 'indexer'?`,
    })
  })

  it('has the format that the reader wants, whatever the containers write', async () => {
    fake.print('shop-indexer-0-0', at(1), 'indexer@17[W]: odd {"card":"[redacted]"}')
    const error = { name: 'Error', message: 'no', stack: 'Error: no\n    at here' }
    const entry = {
      time: at(2),
      level: 'error',
      name: 'indexer',
      pid: 17,
      message: 'failed',
      code: 'X',
      error,
    }
    fake.print('shop-indexer-1-0', at(2), JSON.stringify(entry))
    expect((await shown({ format: 'json' })).map((line) => JSON.parse(line) as object)).toEqual([
      {
        ...{ time: '2026-11-30T12:00:01.000Z', level: 'warn', name: 'shop-indexer-0-0', pid: 17 },
        ...{ message: 'odd', card: '[redacted]' },
      },
      { ...entry, time: '2026-11-30T12:00:02.000Z', name: 'shop-indexer-1-0' },
    ])
    expect((await shown()).slice(1)).toEqual([
      'shop-indexer-1-0@17[E]: failed {"code":"X"}',
      'Error: no',
      '    at here',
    ])
  })

  it('is bounded: at most a thousand lines and 256 Ki characters of a container', async () => {
    for (let index = 0; index < 1200; index++) fake.print('shop-gateway', at(1, index), `${index}`)
    const lines = await shown()
    expect(lines).toHaveLength(1000)
    expect(lines.at(-1)).toBe('shop-gateway@1: 1199')
    expect(fake.asked.every(({ searchParams }) => searchParams.get('tail') === '1000')).toBe(true)
    for (let index = 0; index < 9; index++) fake.print('shop-indexer-0-0', at(2, index), 'x'.repeat(60_000))
    expect(await shown({ of: 'indexer' })).toHaveLength(4)
  })

  it('is followed without a line twice or a line less, also of containers that start later or again', async () => {
    fake.print('shop-indexer-0-0', at(1, 5), 'one')
    fake.print('shop-indexer-0-0', at(1, 5), 'one too')
    const lines: string[] = []
    const ended = (async () => {
      const question = { ...plain, of: 'indexer', lines: 1, follow: true }
      for await (const piece of logsOf(outputOf(engine, 'shop'), question, clock))
        lines.push(...piece.trimEnd().split('\n'))
    })()
    const until = (count: number): Promise<void> =>
      vi.waitFor(() => expect(lines.length).toBeGreaterThanOrEqual(count), { timeout: 30_000 })
    const followed = (count: number): Promise<void> =>
      vi.waitFor(() => expect(fake.followed).toHaveLength(count), { timeout: 30_000 })
    await followed(2)
    fake.print('shop-indexer-0-0', at(1, 5), 'one more')
    fake.print('shop-indexer-1-0', at(1), 'first')
    await until(3)
    // it crashes, and the engine starts it again
    fake.set('shop-indexer-0-0', 'exited')
    fake.print('shop-indexer-0-0', at(2), 'printed meanwhile')
    fake.set('shop-indexer-0-0', 'running')
    addReplica('shop-indexer-0-1', 0)
    fake.print('shop-indexer-0-1', at(3), 'new')
    await vi.waitFor(
      () => {
        clock.move(2000)
        expect(fake.followed).toHaveLength(3)
      },
      { timeout: 30_000 },
    )
    await until(5)
    expect(lines.slice(0, 3)).toEqual([
      'shop-indexer-0-0@1: one too',
      'shop-indexer-0-0@1: one more',
      'shop-indexer-1-0@1: first',
    ])
    expect(lines.slice(3).toSorted()).toEqual([
      'shop-indexer-0-0@1: printed meanwhile',
      'shop-indexer-0-1@1: new',
    ])
    for (const name of ['shop-gateway', 'shop-indexer-0-0', 'shop-indexer-0-1', 'shop-indexer-1-0'])
      fake.remove(name)
    await vi.waitFor(
      () => {
        clock.move(2000)
        expect(clock.timers).toBe(0)
      },
      { timeout: 30_000 },
    )
    await ended
  })

  it('is no longer read when the reader goes', async () => {
    fake.print('shop-gateway', at(1), 'one')
    for await (const piece of logsOf(outputOf(engine, 'shop'), { ...plain, follow: true }, clock)) {
      expect(piece).toBe('shop-gateway@1: one\n')
      break
    }
    const more = logsOf(outputOf(engine, 'shop'), { ...plain, follow: true, lines: 0 }, clock)
    const next = more.next()
    await vi.waitFor(() => expect(fake.followed).toHaveLength(3), { timeout: 30_000 })
    fake.print('shop-gateway', at(2), 'two')
    expect((await next).value).toBe('shop-gateway@1: two\n')
    await more.return()
    await vi.waitFor(() => expect(fake.followed).toEqual([]), { timeout: 30_000 })
  })

  it('is refused where more containers would be followed than is good', async () => {
    for (let index = 0; index < 100; index++) addReplica(`shop-indexer-${index}-1`, index)
    await expect(shown({ follow: true })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: '103 containers would be followed, and 100 can be at once. Name a stage, a shard or a pod.',
    })
  })
})
