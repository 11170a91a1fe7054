import { type Faults, faults, type Hit } from 'millrace/testing'
import { describe, expect, it } from 'vitest'
import {
  failureOf,
  onShardedIndex,
  type Progress,
  type ShardedIndex,
  whileDoing,
} from '../support/sharded-index.js'

const shards = 3
const documents = 600
const softDeadlineMs = 250

const podOf = (shard: number): string => `indexer/shard-${shard}/rep-0`

/** Kills one shard after the other during requests; waits for each to be replaced. */
async function killEach(
  chaos: Faults<'indexer'>,
  progress: Progress,
  onHit: (hit: Hit) => unknown = () => {},
): Promise<void> {
  for (let kill = 0; kill < 2 * shards; kill++) {
    await progress(8)
    const hit = chaos.kill('indexer', { pod: podOf(kill % shards) })
    await onHit(hit)
    await chaos.healed(hit)
  }
}

/** Retries the write until it is answered. */
async function indexSurely(index: ShardedIndex): Promise<void> {
  let failure = await failureOf(index.index('moving', 10))
  while (failure !== undefined) {
    expect(failure.message).toMatch(/indexer\/shard-\d/)
    failure = await failureOf(index.indexAgain())
  }
}

function say(title: string, figures: object): void {
  process.stderr.write(`chaos: ${title}: ${JSON.stringify(figures)}\n`)
}

describe('a shard whose only replica is killed', () => {
  it('makes searches wait or fail with its name, and keeps everything that it had acknowledged', () =>
    onShardedIndex({ shards }, async (index) => {
      await using chaos = faults(index.flow)
      await index.index('fixed', documents)
      let failed = 0
      const search = async (): Promise<void> => {
        const failure = await failureOf(index.searchExactly())
        if (failure === undefined) return
        failed += 1
        expect(failure.message).toMatch(/indexer\/shard-\d/)
      }
      const done = await whileDoing(
        (progress) => killEach(chaos, progress),
        [search, search, search, () => indexSurely(index)],
      )
      await index.expectAll()
      say('SIGKILL of shards, fail', { done, failed, acknowledged: index.acknowledged })
    }))

  it('is named by every failed search when it is not replaced', () =>
    onShardedIndex({ shards, restarts: { max: 0 } }, async (index) => {
      await using chaos = faults(index.flow)
      await index.index('fixed', documents)
      let failed = 0
      const search = async (): Promise<void> => {
        const failure = await failureOf(index.searchExactly(20))
        if (failure === undefined) return
        failed += 1
        expect(failure).toMatchObject({ code: 'UNAVAILABLE' })
        expect(failure.message).toContain('indexer/shard-1')
      }
      const script = async (): Promise<void> => {
        await chaos.kill('indexer', { pod: podOf(1) }).gone
        await expect.poll(() => failed).toBeGreaterThan(10)
      }
      await whileDoing(script, [search, search, search])
    }))

  it('is missing in partial answers, which are exactly the data of the other shards', () =>
    onShardedIndex({ shards, onShardFailure: 'partial', softDeadlineMs }, async (index) => {
      await using chaos = faults(index.flow)
      await index.index('fixed', documents)
      const partial = new Set<string>()
      const search = async (limit?: number): Promise<void> => {
        const { missing } = await index.searchExactly(limit)
        for (const shard of missing) partial.add(shard)
      }
      const done = await whileDoing(
        // a search that begins now finds no replica
        (progress) => killEach(chaos, progress, ({ gone }) => gone.then(() => search())),
        [search, () => search(20), () => indexSurely(index)],
      )
      await expectWhole(index)
      say('SIGKILL of shards, partial', { done, partial: [...partial], acknowledged: index.acknowledged })
      expect(partial.size).toBeGreaterThan(0)
    }))

  it('is missing in every partial answer when it is not replaced', () =>
    onShardedIndex({ shards, onShardFailure: 'partial', restarts: { max: 0 } }, async (index) => {
      await using chaos = faults(index.flow)
      await index.index('fixed', documents)
      await chaos.kill('indexer', { pod: podOf(2) }).gone
      await expect
        .poll(async () => (await index.searchExactly()).missing, { timeout: 20_000 })
        .toEqual(['indexer/shard-2'])
      expect((await index.searchExactly(7)).matches).toHaveLength(7)
      expect(await index.getExactly()).toEqual(['indexer/shard-2'])
      // a partial write is always reported
      expect((await failureOf(index.index('moving', 50)))?.message).toContain('indexer/shard-2')
    }))
})

describe('shards with two replicas each, while documents are indexed by KEY', () => {
  const stage = { shards, replicas: 2 }

  it('answer every search when one replica after the other is killed', () =>
    onShardedIndex(stage, async (index) => {
      await using chaos = faults(index.flow)
      await index.index('fixed', documents)
      const script = async (progress: Progress): Promise<void> => {
        for (let kill = 0; kill < 6; kill++) {
          await progress(10)
          const pod = `indexer/shard-${kill % shards}/rep-${kill % 2}`
          await chaos.healed(chaos.kill('indexer', { pod }))
        }
      }
      const done = await whileDoing(script, [
        () => index.searchExactly(),
        () => index.searchExactly(20),
        () => index.searchMoving(),
        () => indexSurely(index),
        () => indexSurely(index),
      ])
      await index.expectAll()
      say('SIGKILL of replicas of shards', { done, acknowledged: index.acknowledged })
    }))

  it('answer every request when one shard is scaled up and down, and when all are updated', () =>
    onShardedIndex(stage, async (index) => {
      const { flow } = index
      await index.index('fixed', documents)
      const script = async (progress: Progress): Promise<void> => {
        for (const [shard, replicas] of [
          [1, 4],
          [1, 1],
          [0, 1],
          [2, 3],
          [0, 2],
        ] as const) {
          await progress(5)
          await flow.scale('indexer', { shard, replicas })
        }
        await flow.rollingUpdate('indexer', {
          usesWith: { metric: 'l2', columns: { part: 'string' }, compactAfter: 4 },
        })
      }
      const done = await whileDoing(script, [
        () => index.searchExactly(),
        () => index.searchExactly(20),
        () => index.searchMoving(),
        () => index.index('moving', 10),
        () => index.index('moving', 1),
      ])
      await index.expectAll()
      say('scaling and updating shards', { done, acknowledged: index.acknowledged })
    }))
})

describe('a soft deadline', () => {
  // a suspended replica is not replaced
  const stage = { shards, onShardFailure: 'partial', softDeadlineMs, liveness: null } as const

  it('leaves out a frozen shard until it is thawed', () =>
    onShardedIndex(stage, async (index) => {
      await using chaos = faults(index.flow)
      await index.index('fixed', documents)
      const { pod } = chaos.freeze('indexer', { pod: podOf(1) })
      for (let count = 0; count < 5; count++) {
        const { missing } = await index.searchExactly()
        expect(missing).toContain('indexer/shard-1')
      }
      chaos.thaw('indexer', { pod })
      await expectWhole(index)
    }))

  it('leaves out a slow shard until it is fast again', () =>
    onShardedIndex(stage, async (index) => {
      await using chaos = faults(index.flow)
      await index.index('fixed', documents)
      const slow = async (): Promise<readonly string[]> => {
        chaos.block('indexer', 4 * softDeadlineMs, { pod: podOf(0) })
        return (await index.searchExactly()).missing
      }
      await expect.poll(slow, { timeout: 20_000 }).toContain('indexer/shard-0')
      await expectWhole(index)
    }))
})

/** Waits until all shards answer in time again, then checks all data. */
async function expectWhole(index: ShardedIndex): Promise<void> {
  await expect.poll(() => index.expectAll().then(() => 'whole'), { timeout: 30_000 }).toBe('whole')
}
