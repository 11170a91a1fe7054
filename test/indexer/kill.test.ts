import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { seeded } from '../../src/lib/seeded.js'
import { killWriters } from '../support/indexer-kills.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-indexer-kill-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('killed writers lose and duplicate nothing that was acknowledged', async () => {
  const tally = await killWriters({
    folder,
    seed: 3,
    documents: 2000,
    most: 100,
    kills: 5,
    random: seeded(3),
  })
  expect(tally).toMatchObject({ lost: [], doubled: 0 })
  expect(tally.acknowledged).toBeGreaterThan(10)
}, 120_000)
