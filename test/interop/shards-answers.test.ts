import { Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { runPython } from './python.js'

// Sharding never changes an answer: the Jina client gets from Flows with any number of shards what numpy finds by
// comparing all documents, with the same ids, order, scores and texts.

const uses = new URL('jina-shards-executors.mjs#Index', import.meta.url)
const counts = [1, 2, 3, 5, 8]

interface Answer {
  /** Number of matches that were compared. */
  readonly compared: number
  /** Matches with the same score as the previous one. */
  readonly ties: number
  readonly left: number
  readonly wrong: unknown[]
}

describe.each([
  { index: 'ANY', changes: false, seed: 1 },
  { index: 'ANY', changes: false, seed: 2 },
  { index: 'KEY', changes: true, seed: 3 },
  { index: 'KEY', changes: true, seed: 4 },
] as const)('indexed by $index, with changes: $changes, seed $seed', ({ index, changes, seed }) => {
  const flows = counts.map((shards) =>
    new Flow({ host: '127.0.0.1', quiet: true }).add({
      name: 'indexer',
      uses,
      shards,
      runtime: 'thread',
      polling: { '/index': index, '/search': 'ALL', '*': 'KEY' },
    }),
  )

  beforeAll(() => Promise.all(flows.map((flow) => flow.start())))
  afterAll(() => Promise.all(flows.map((flow) => flow.close())))

  test('every number of shards gives the answers that numpy computes', async () => {
    const ports = Object.fromEntries(flows.map(({ port }, at) => [`${counts[at]} shards`, port]))
    const answer = await runPython<Answer>('jina_answers.py', { seed, changes, size: 150, flows: ports })
    expect(answer.wrong).toEqual([])
    expect(answer.compared).toBeGreaterThan(5000)
    // the coarse vectors of odd seeds produce equal scores
    if (seed % 2 === 1) expect(answer.ties).toBeGreaterThan(500)
    expect(answer.left).toBeGreaterThan(100)
  }, 180_000)
})
