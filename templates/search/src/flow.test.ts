import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createFlow } from './flow.js'

const workspace = mkdtempSync(path.join(tmpdir(), 'search-'))
const flow = await createFlow({ workspace })

beforeAll(() => flow.start(), 60_000)
afterAll(async () => {
  await flow.close()
  rmSync(workspace, { recursive: true })
})

it('finds the nearest text', async () => {
  await flow.post('/index', [
    { id: 'water', text: 'Warm water boils' },
    { id: 'fire', text: 'Fires burn wood' },
    { id: 'earth', text: 'The earth is round' },
  ])
  const [query] = await flow.post('/search', [{ text: 'burning fire' }], { parameters: { limit: 1 } })
  expect(query?.matches.at(0)?.id).toBe('fire')
})
