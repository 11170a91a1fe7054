import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client, Document, Flow } from 'millrace'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Collector } from '../support/traces.js'

const uses = new URL('../fixtures/traced-executors.mjs#Traced', import.meta.url)
const outside = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
const traceparent = `00-${outside.traceId}-${outside.spanId}-01`

let collector: Collector
let folder: string
beforeEach(async () => {
  collector = await Collector.start()
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-traces-'))
})
afterEach(async () => {
  await collector[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const options = (more: object = {}) => ({
  quiet: true,
  host: '127.0.0.1',
  tracing: { endpoint: collector.endpoint, ...more },
})

describe('traces of a Flow', () => {
  it('show a request through two stages, three shards and a retry, in the trace of its client', async () => {
    const flow = new Flow(options())
      .add({ name: 'first', uses, replicas: 2, balance: 'round-robin' })
      .add({ name: 'parts', uses, shards: 3, polling: 'ALL', runtime: 'thread' })
    await flow.start()
    const client = new Client({ host: `grpc://127.0.0.1:${flow.port}` })
    const parameters = { marker: path.join(folder, 'died') }
    try {
      await client.post('/fragile', [new Document({ text: 'a' })], { parameters, headers: { traceparent } })
    } finally {
      await client.close()
      await flow.close()
    }
    const picture = collector.picture(outside.traceId)
    const [firstPod, otherPod] = picture.flatMap((line) => /try (first\/rep-\d)/.exec(line)?.[1] ?? [])
    expect(new Set([firstPod, otherPod])).toEqual(new Set(['first/rep-0', 'first/rep-1']))
    const shards = picture.slice(picture.findIndex((line) => line.includes('stage parts')))
    expect(picture.slice(0, -shards.length)).toEqual([
      '/fragile [gateway/rep-0]',
      '  stage first [gateway/rep-0]',
      '    - retry',
      `    try ${firstPod} [gateway/rep-0] UNAVAILABLE`,
      `    try ${otherPod} [gateway/rep-0]`,
      `      /fragile [${otherPod}]`,
    ])
    expect(shards.slice(0, 2)).toEqual(['  stage parts [gateway/rep-0]', '    - shards.gathered'])
    expect([...shards.slice(2)].sort()).toEqual(
      [0, 1, 2]
        .flatMap((shard) => [
          `    shard parts/shard-${shard} [gateway/rep-0]`,
          `      try parts/shard-${shard}/rep-0 [gateway/rep-0]`,
          `        /fragile [parts/shard-${shard}/rep-0]`,
        ])
        .sort(),
    )
    expect(collector.orphans(outside.spanId)).toEqual([])
    const root = collector.spans.find(({ parentId }) => parentId === outside.spanId)!
    expect(root).toMatchObject({
      kind: 2,
      attributes: { 'millrace.endpoint': '/fragile', 'network.protocol.name': 'grpc' },
    })
    for (const { start, end } of collector.spans) expect(end).toBeGreaterThanOrEqual(start)
  })

  it('show a hedge as an event and a second try', async () => {
    const flow = new Flow(options()).add({
      name: 'one',
      uses,
      replicas: 2,
      hedge: { afterMs: 20, budget: 1 },
    })
    await flow.start()
    await flow.post('/slow-once', [new Document()], { parameters: { marker: path.join(folder, 'slow') } })
    await flow.close()
    const { traceId } = collector.spans[0]!
    const picture = collector.picture(traceId)
    expect(picture.slice(0, 3)).toEqual([
      '/slow-once [gateway/rep-0]',
      '  stage one [gateway/rep-0]',
      '    - hedge',
    ])
    // which of the two is first to reach its handler, and so is the slow one, is not known
    const tries = picture.filter((line) => line.includes('try one/'))
    expect(tries).toHaveLength(2)
    expect(tries.filter((line) => line.endsWith('CANCELLED'))).toHaveLength(1)
    expect(collector.orphans()).toEqual([])
  })

  it('have the spans of handlers, and their failures', async () => {
    const flow = new Flow(options()).add({ name: 'one', uses })
    await flow.start()
    const [doc] = await flow.post('/search', [new Document()])
    await expect(flow.post('/fail', [new Document()])).rejects.toThrow('the wheel is broken')
    await flow.close()
    const own = collector.spans.find(({ name }) => name === 'look up')!
    expect(doc!.text).toBe(`00-${own.traceId}-${own.spanId}-01`)
    expect(own).toMatchObject({
      attributes: { rows: 1 },
      events: [{ name: 'found', attributes: { first: true } }],
      resource: { 'service.name': 'one/rep-0', 'service.namespace': 'flow' },
    })
    expect(collector.picture(own.traceId)).toEqual([
      '/search [gateway/rep-0]',
      '  stage one [gateway/rep-0]',
      '    try one/rep-0 [gateway/rep-0]',
      '      /search [one/rep-0]',
      '        look up [one/rep-0]',
      '          - found',
      '          read [one/rep-0]',
    ])
    const failed = collector.spans.find(({ name }) => name === 'work')!
    expect(failed.error).toBe('the wheel is broken')
    expect(failed.events).toMatchObject([
      { name: 'exception', attributes: { 'exception.type': 'RangeError' } },
    ])
    expect(collector.picture(failed.traceId).map((line) => line.split(' ').at(-1))).toEqual([
      ...Array.from({ length: 4 }, () => 'EXECUTOR_FAILED'),
      'failed',
      'exception',
    ])
  })

  it('have one span for a batch, below its first request and linked to the others', async () => {
    const flow = new Flow(options()).add({ name: 'one', uses })
    await flow.start()
    await Promise.all(Array.from({ length: 6 }, () => flow.post('/batch', [new Document()])))
    await flow.close()
    const batches = collector.spans.filter(({ name }) => name === 'batch')
    const requests = batches.map(({ attributes }) => Number(attributes['millrace.requests']))
    expect(requests.reduce((sum, count) => sum + count, 0)).toBe(6)
    const inPod = new Set(
      collector.spans
        .filter(({ name, service }) => name === '/batch' && service === 'one/rep-0')
        .map(({ spanId }) => spanId),
    )
    expect(
      batches.flatMap(({ parentId, links }) => [parentId, ...links.map(({ spanId }) => spanId)]).sort(),
    ).toEqual([...inPod].sort())
    expect(collector.spans.filter(({ name }) => name === 'model')).toHaveLength(batches.length)
    expect(collector.orphans()).toEqual([])
  })

  it('are whole for each of a thousand requests over gRPC, HTTP and streams', async () => {
    const flow = new Flow({ ...options(), protocol: ['grpc', 'http'] })
      .add({ name: 'one', uses, replicas: 2, queue: { maxWaitMs: 60_000 } })
      .add({ name: 'two', uses, runtime: 'inline', queue: { maxWaitMs: 60_000 } })
    await flow.start()
    const hosts = [`grpc://127.0.0.1:${flow.port}`, `http://127.0.0.1:${flow.port}`]
    for (const host of hosts) {
      const client = new Client({ host })
      const documents = Array.from({ length: 500 }, () => new Document())
      await client.post('/search', documents, { requestSize: 1, prefetch: 20 })
      for await (const _ of client.streamDoc('/search', new Document())) continue
      await client.close()
    }
    await flow.close()
    expect(collector.orphans()).toEqual([])
    const count = (name: string, service: string): number =>
      collector.spans.filter((span) => span.name === name && span.service === service).length
    expect(count('/search', 'gateway/rep-0')).toBe(1002)
    expect(count('/search', 'one/rep-0') + count('/search', 'one/rep-1')).toBe(1002)
    expect(count('/search', 'two/rep-0')).toBe(1002)
  })

  it('are left out for the share of requests that is not sampled, and for clients that say so', async () => {
    const flow = new Flow(options({ samplingRatio: 0 })).add({ name: 'one', uses })
    await flow.start()
    const [plain] = await flow.post('/search', [new Document()])
    const [other] = await flow.post('/search', [new Document()])
    const client = new Client({ host: `grpc://127.0.0.1:${flow.port}` })
    const headers = { traceparent: traceparent.replace(/01$/, '00') }
    const [declined] = await client.post('/search', [new Document()], { headers })
    const [sampled] = await client.post('/search', [new Document()], { headers: { traceparent } })
    await client.close()
    await flow.close()
    // what the handler calls must not begin a trace of its own
    expect(plain!.text).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/)
    expect(other!.text).not.toBe(plain!.text)
    expect(declined!.text).toBe(headers.traceparent)
    expect(sampled!.text).toContain(outside.traceId)
    expect(new Set(collector.spans.map(({ traceId }) => traceId))).toEqual(new Set([outside.traceId]))
    expect(collector.spans.filter(({ parentId }) => parentId === outside.spanId)).toHaveLength(1)
  })

  it('of a request that is left out do not begin at an external Flow that samples by itself', async () => {
    const elsewhere = new Flow({ ...options(), name: 'elsewhere' }).add({ name: 'far', uses })
    await elsewhere.start()
    const far = { external: true, host: '127.0.0.1', port: elsewhere.port } as const
    const flow = new Flow(options({ samplingRatio: 0 })).add({ name: 'near', ...far })
    await flow.start()
    await flow.post('/search', [new Document()])
    await flow.close()
    await elsewhere.close()
    expect(collector.spans).toEqual([])
  })

  it('go to the collector with the headers of the option, and continue at an external Executor', async () => {
    const elsewhere = new Flow({ ...options({ samplingRatio: 0 }), name: 'elsewhere' }).add({
      name: 'far',
      uses,
    })
    await elsewhere.start()
    const flow = new Flow(options({ headers: { 'x-key': 'secret' } })).add({
      name: 'near',
      external: true,
      host: '127.0.0.1',
      port: elsewhere.port,
    })
    await flow.start()
    await flow.post('/search', [new Document()])
    await flow.close()
    await elsewhere.close()
    expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(1)
    expect(collector.orphans()).toEqual([])
    expect(
      collector.spans
        .filter(({ name }) => name === '/search')
        .map(({ service }) => service)
        .sort(),
    ).toEqual(['far/rep-0', 'gateway/rep-0', 'gateway/rep-0'])
    expect(collector.headers.some((headers) => headers['x-key'] === 'secret')).toBe(true)
  })
})
