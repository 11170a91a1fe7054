import { expect, it } from 'vitest'
import type { FlowStatus, PodStatus } from '../control/status.js'
import type { BatchFigures } from '../observe/batch-figures.js'
import { duration } from '../lib/duration.js'
import { renderFlows } from './render-flows.js'

const pod = (name: string, more: Partial<PodStatus> = {}): PodStatus => ({
  name,
  pid: 4711,
  state: 'ready',
  inFlight: 3,
  latencyMs: 20.4,
  answered: 1204,
  failed: 2,
  restarts: 0,
  sinceMs: 12_000,
  ...more,
})

const status: FlowStatus = {
  name: 'shop',
  on: 'localhost',
  pid: 4700,
  port: 8080,
  listeners: [{ protocols: ['grpc'], host: '0.0.0.0', port: 8080 }],
  stages: [
    {
      name: 'fast',
      needs: ['gateway'],
      runtime: 'pass-through',
      replicas: 0,
      ready: 0,
      degraded: null,
      waiting: 0,
      retries: 0,
      hedges: 0,
      refused: 0,
      backgroundRunning: 0,
      backgroundFailed: 0,
      shards: [],
      pods: [],
    },
    {
      name: 'slow',
      needs: ['fast'],
      runtime: 'process',
      replicas: 2,
      ready: 1,
      degraded: '10 restarts within 60 s:\n\u001b[31mout of memory',
      waiting: 4,
      retries: 7,
      hedges: 0,
      refused: 1,
      backgroundRunning: 0,
      backgroundFailed: 0,
      shards: [],
      pods: [
        pod('slow/rep-0'),
        pod('slow/rep-1', {
          pid: null,
          state: 'backoff',
          inFlight: 0,
          latencyMs: null,
          answered: null,
          failed: null,
          restarts: 10,
        }),
      ],
    },
    {
      name: 'last',
      needs: ['slow'],
      runtime: 'thread',
      replicas: 1,
      ready: 1,
      degraded: null,
      waiting: 0,
      retries: 0,
      hedges: 0,
      refused: 0,
      backgroundRunning: 0,
      backgroundFailed: 0,
      shards: [],
      pods: [pod('last/rep-0')],
    },
  ],
}

it('shows stages, pods, and why a stage is degraded; control characters of others do not reach the terminal', () => {
  expect(renderFlows([{ state: 'answered', status }], false).split('\n')).toEqual([
    'shop  pid 4700  port 8080',
    'STAGE, POD    STATE                                           PID  IN FLIGHT  LATENCY  ANSWERED  FAILED  RESTARTS  SINCE',
    'fast          passes through',
    'slow          1 of 2 ready, 4 waiting, 1 refused, 7 retries',
    '  slow/rep-0  ready                                          4711          3    20 ms      1204       2         0   12 s',
    '  slow/rep-1  backoff                                           –          0        –         –       –        10   12 s',
    '  degraded: 10 restarts within 60 s: [31mout of memory',
    'last          1 of 1 ready',
    '  last/rep-0  ready                                          4711          3    20 ms      1204       2         0   12 s',
  ])
})

it('colours states on a terminal, without moving a column', () => {
  const plain = renderFlows([{ state: 'answered', status }], false)
  const coloured = renderFlows([{ state: 'answered', status }], true)
  expect(coloured).toContain('\u001b[32mready\u001b[39m')
  expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(plain)
})

it('shows how many requests were refused because of their rate', () => {
  const [title] = renderFlows([{ state: 'answered', status: { ...status, refusedByRate: 12 } }], false).split(
    '\n',
  )
  expect(title).toBe('shop  pid 4700  port 8080  12 refused by rateLimit')
})

it('shows what is spoken at each of several ports', () => {
  const listeners = [
    { protocols: ['grpc'], host: '::', port: 8080 },
    { protocols: ['http', 'ws'], host: '::', port: 8081 },
  ]
  expect(renderFlows([{ state: 'answered', status: { ...status, listeners } }], false)).toMatch(
    /^shop  pid 4700  ports 8080 \(grpc\), 8081 \(http, ws\)\n/,
  )
})

it('shows a Flow that does not answer', () => {
  expect(renderFlows([{ state: 'failed', label: 'shop (pid 1)', reason: 'It computes.' }], false)).toBe(
    'shop (pid 1): It computes.',
  )
})

it.each([
  [0, '0 ms'],
  [0.44, '0.4 ms'],
  [999, '999 ms'],
  [1000, '1 s'],
  [3240, '3.2 s'],
  [59_900, '59 s'],
  [60_000, '1 min'],
  [7_300_000, '2 h'],
  [90_000_000, '1 d'],
])('%d ms are %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})

it('shows branches, joins, and what runs behind answers', () => {
  const [fast, , last] = status.stages
  const stages = [
    fast!,
    { ...last!, name: 'log', needs: ['fast'], backgroundRunning: 2, backgroundFailed: 1, pods: [] },
    { ...last!, name: 'side', needs: ['gateway'], pods: [] },
    { ...last!, name: 'join', needs: ['fast', 'side'], pods: [] },
  ]
  const rows = renderFlows([{ state: 'answered', status: { ...status, stages } }], false).split('\n')
  expect(rows.slice(2).map((row) => row.trimEnd().replaceAll(/ {2,}/g, '  '))).toEqual([
    'fast  passes through',
    'log  1 of 1 ready, 2 in the background, 1 failed in the background',
    'side ← gateway  1 of 1 ready',
    'join ← fast, side  1 of 1 ready',
  ])
})

it('shows the batches of the pods of a stage, one line for each endpoint', () => {
  const bounds = [1, 2]
  const batches = (endpoint: string, counts: readonly number[], sum: number): BatchFigures => ({
    ...{ endpoint, size: 64, documents: { sum, bounds, counts } },
    waitMs: { sum: 2 * sum, bounds, counts },
  })
  const pods = [
    pod('slow/rep-0', { batches: [batches('/encode', [0, 0, 3], 90), batches('/rank', [0, 0, 0], 0)] }),
    pod('slow/rep-1', { batches: [batches('/encode', [1, 0, 0], 1)] }),
  ]
  const stages = [{ ...status.stages[1]!, degraded: null, pods }]
  const lines = renderFlows([{ state: 'answered', status: { ...status, stages } }], false).split('\n')
  expect(lines.slice(-2)).toEqual([
    '  batches of /encode: 4, 22.8 documents each, size 64, waits of 45 ms',
    '  batches of /rank: none yet, size 64',
  ])
})
