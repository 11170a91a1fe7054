import { faults } from 'millrace/testing'
import { expect, test } from 'vitest'
import { seeded } from '../../src/lib/seeded.js'
import { failureOf, onShardedIndex, whileDoing } from '../support/sharded-index.js'

const shards = 2
const kills = 10

test('a Flow whose shards are killed during indexing keeps everything acknowledged, and nothing twice', () =>
  onShardedIndex({ shards, replicas: 1 }, async (index) => {
    const random = seeded(5)
    await using chaos = faults(index.flow, { random })
    await index.index('fixed', 1000)
    let failed = 0
    // failed writes are not retried: they are stored once or not at all
    const write = async (): Promise<void> => {
      if ((await failureOf(index.index('moving', 1 + Math.floor(random() * 80)))) !== undefined) failed += 1
    }
    const done = await whileDoing(
      async (progress) => {
        for (let kill = 0; kill < kills; kill++) {
          await progress(1 + Math.floor(random() * 12))
          await chaos.healed(chaos.kill('indexer'))
        }
      },
      [write, write, write, write],
    )
    await index.expectAll()
    await index.flow.close()
    await index.flow.start()
    await index.expectAll()
    const { tried, acknowledged } = index
    expect(acknowledged).toBeGreaterThan(1000)
    process.stderr.write(
      `durability: ${kills} kills of ${shards} shards: ${JSON.stringify({ done, failed, tried, acknowledged })}\n`,
    )
  }))
