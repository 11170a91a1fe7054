import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client, Document, Flow } from 'millrace'
import { expect, it } from 'vitest'
import { Collector } from '../support/traces.js'

const uses = new URL('../fixtures/traced-executors.mjs#Traced', import.meta.url)
const requests = 10_000
/** The request, two stages, a try and its handler in the first, and three shards with a try and a handler each. */
const spansOfOne = 3 + 2 + 3 * 3

it('ten thousand requests through replicas and shards are as many whole traces', {
  timeout: 300_000,
}, async () => {
  await using collector = await Collector.start()
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-traces-'))
  // the first request that finds no marker ends a replica
  const marker = path.join(folder, 'marker')
  writeFileSync(marker, '')
  const queue = { maxWaitMs: 60_000 }
  const flow = new Flow({ quiet: true, host: '127.0.0.1', tracing: { endpoint: collector.endpoint } })
    .add({ name: 'first', uses, replicas: 2, queue })
    .add({ name: 'parts', uses, shards: 3, polling: 'ALL', runtime: 'thread', queue })
  await flow.start()
  try {
    await using client = new Client({ host: `grpc://127.0.0.1:${flow.port}` })
    const documents = Array.from({ length: requests }, () => new Document({ text: 'a' }))
    const parameters = { marker }
    await client.post('/fragile', documents, { parameters, requestSize: 1, prefetch: 32 })
    // a Flow that closes waits for the collector for two seconds only
    await expect.poll(() => collector.spans.length, { timeout: 60_000 }).toBe(requests * spansOfOne)
  } finally {
    await flow.close()
    rmSync(folder, { recursive: true })
  }
  expect(collector.orphans()).toEqual([])
  const traces = new Map<string, number>()
  for (const { traceId } of collector.spans) traces.set(traceId, (traces.get(traceId) ?? 0) + 1)
  expect(traces.size).toBe(requests)
  expect(new Set(traces.values())).toEqual(new Set([spansOfOne]))
})
