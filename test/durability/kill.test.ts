import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { seeded } from '../../src/lib/seeded.js'
import { killWriters } from '../support/indexer-kills.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-durability-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('20 kills among 50,000 documents lose and duplicate nothing', async () => {
  const tally = await killWriters({
    folder,
    seed: 11,
    documents: 25_000,
    most: 3000,
    kills: 20,
    random: seeded(11),
  })
  expect(tally).toMatchObject({ lost: [], doubled: 0 })
  expect(tally.stored).toBeGreaterThan(20_000)
})
