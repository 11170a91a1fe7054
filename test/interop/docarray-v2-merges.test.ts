import { Flow } from 'millrace'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { runPython } from './python.js'

// Shards, joins and conditions for the client of Jina 3.34 with DocArray v2; docarray_v2_merges.py has the calls.

const executors = new URL('docarray-v2-merges-executors.mjs', import.meta.url).href

const flow = new Flow({ host: '127.0.0.1', quiet: true, port: 0 })
  .add({
    name: 'index',
    uses: `${executors}#Index`,
    shards: 3,
    polling: { '/index': 'KEY', '*': 'ALL' },
    reduce: { by: 'distance', order: 'ascending' },
  })
  .add({ name: 'titles', uses: `${executors}#Titles` })
  .add({
    name: 'views',
    needs: 'index',
    uses: `${executors}#Views`,
    when: { docs: { tags__draft: { $eq: true } } },
  })
  .add({ name: 'join', needs: ['titles', 'views'], reduce: 'changes' })
let answers: Record<string, unknown>

beforeAll(async () => {
  await flow.start()
  answers = await runPython('docarray_v2_merges.py', { port: flow.port })
})

afterAll(() => flow.close())

test('documents go to shards by their keys, and come back in the order of the request', () => {
  expect(answers['indexed']).toBe(true)
  expect(answers['counts']).toEqual([20, 3])
})

test('matches of all shards are one list, the best of them', () => {
  expect(answers['found']).toEqual([
    [['d4', 'd5', 'd3', 'd6'], 'q'],
    [['d19', 'd18', 'd17', 'd16'], 'r'],
  ])
})

test('a join has the changes of both branches, of which one sees only some documents', () => {
  expect(answers['joined']).toEqual([
    ['a', 'grüße 你好!', 8],
    ['b', 'B!', 1],
    ['c', 'C!', 0],
  ])
  expect(answers['kept']).toBe(true)
})
