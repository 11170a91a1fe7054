import { Client, Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Scraped, scrape, valueOf } from '../support/metrics.js'

const measured = new URL('../fixtures/metrics-executors.mjs#Measured', import.meta.url)

describe('metrics of a Flow', () => {
  const flow = new Flow({ quiet: true, host: '127.0.0.1', metrics: true, protocol: ['grpc', 'http'] })
    .add({ name: 'entry' })
    .add({ name: 'upper', uses: measured, replicas: 2 })
    .add({ name: 'parts', uses: measured, shards: 2, polling: 'ALL', runtime: 'thread' })
  let series: readonly Scraped[]

  beforeAll(async () => {
    await flow.start()
    const docs = [{ text: 'a' }, { text: 'b' }]
    for (let sent = 0; sent < 6; sent++) await flow.post('/upper', docs)
    await flow.post('/fail', docs).catch(() => {})
    for (let sent = 0; sent < 3; sent++) await flow.post(`/nowhere-${sent}`, docs)
    const body = JSON.stringify({ data: docs })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`http://127.0.0.1:${flow.port}/upper`, { method: 'POST', body, headers })
    expect(response.status).toBe(200)
    await Promise.all(Array.from({ length: 5 }, () => flow.post('/batch', docs)))
    series = await scrape(flow.metricsPort!)
  })
  afterAll(() => flow.close())

  const value = (name: string, labels: Record<string, string> = {}): number | undefined =>
    valueOf(series, name, labels)

  it('count the requests that were sent, by endpoint, protocol and code', () => {
    const count = (endpoint: string, protocol: string, code: string): number | undefined =>
      value('millrace_requests_total', { endpoint, protocol, code })
    expect(count('/upper', 'local', 'OK')).toBe(6)
    expect(count('/upper', 'http', 'OK')).toBe(1)
    expect(count('/fail', 'local', 'EXECUTOR_FAILED')).toBe(1)
    expect(value('millrace_request_seconds_count', { endpoint: '/upper', protocol: 'local' })).toBe(6)
  })

  it('count requests for endpoints that no Executor lists as one endpoint', () => {
    expect(value('millrace_requests_total', { endpoint: 'other', code: 'OK' })).toBe(3)
    expect(series.filter(({ labels }) => labels.endpoint?.startsWith('/nowhere'))).toEqual([])
  })

  it('have hops and waits of each stage and shard', () => {
    expect(value('millrace_hop_seconds_count', { stage: 'upper' })).toBe(13)
    expect(value('millrace_stage_queue_seconds_count', { stage: 'upper' })).toBe(13)
    expect(value('millrace_hop_seconds_sum', { stage: 'upper' })).toBeGreaterThan(0)
    expect(value('millrace_shard_requests_total', { stage: 'parts/shard-1' })).toBe(12)
    expect(value('millrace_coverage_ratio', { stage: 'parts/shard-1' })).toBe(1)
  })

  it('show the replicas', () => {
    expect(value('millrace_replicas', { stage: 'upper', state: 'ready' })).toBe(2)
    expect(value('millrace_replicas', { stage: 'upper', state: 'ejected' })).toBe(0)
    expect(value('millrace_replicas_wanted', { stage: 'upper' })).toBe(2)
    expect(value('millrace_replicas_healed_total', { stage: 'upper' })).toBe(0)
    const answered = series.filter(
      ({ name, labels }) => name === 'millrace_replica_answered_total' && labels.stage === 'upper',
    )
    expect(answered.map(({ labels }) => labels.pod).sort()).toEqual(['upper/rep-0', 'upper/rep-1'])
    expect(answered.reduce((sum, each) => sum + each.value, 0)).toBe(13)
  })

  it('have Jina’s names', () => {
    const gateway = { runtime_name: 'gateway/rep-0' }
    expect(value('jina_successful_requests_total', gateway)).toBe(15)
    expect(value('jina_failed_requests_total', gateway)).toBe(1)
    expect(value('jina_receiving_request_seconds_count', gateway)).toBe(15)
    expect(value('jina_received_request_bytes_count', gateway)).toBe(16)
    expect(value('jina_received_request_bytes_sum', gateway)).toBeGreaterThan(0)
    expect(value('jina_sending_request_seconds_count', gateway)).toBe(13 + 2 * 12)
    expect(value('jina_number_of_pending_requests', gateway)).toBe(0)
  })

  it('show the process of the gateway', () => {
    const pod = 'gateway/rep-0'
    expect(value('millrace_process_resident_memory_bytes', { pod })).toBeGreaterThan(1e7)
    expect(value('millrace_process_cpu_seconds_total', { pod })).toBeGreaterThan(0)
    expect(value('millrace_heap_used_bytes', { pod })).toBeGreaterThan(1e5)
    expect(value('millrace_event_loop_delay_seconds', { pod, percentile: '99' })).toBeGreaterThanOrEqual(0)
  })

  it('have those of each pod: processes and threads', () => {
    for (const pod of ['upper/rep-0', 'upper/rep-1', 'parts/shard-0/rep-0', 'parts/shard-1/rep-0']) {
      expect(value('millrace_pod_up', { pod }), pod).toBe(1)
      expect(value('millrace_heap_used_bytes', { pod })).toBeGreaterThan(1e5)
      expect(value('millrace_event_loop_delay_seconds', { pod, percentile: '99' })).toBeGreaterThanOrEqual(0)
      expect(value('millrace_executor_in_flight', { pod })).toBe(0)
    }
    expect(value('millrace_process_resident_memory_bytes', { pod: 'upper/rep-0' })).toBeGreaterThan(1e7)
    expect(value('millrace_process_resident_memory_bytes', { pod: 'parts/shard-0/rep-0' })).toBeUndefined()
  })

  const sum = (name: string, labels: Record<string, string>): number =>
    series
      .filter((each) => each.name === name)
      .filter((each) => Object.entries(labels).every(([key, label]) => each.labels[key] === label))
      .reduce((total, each) => total + each.value, 0)

  it('count requests and calls of each Executor', () => {
    const upper = { stage: 'upper', endpoint: '/upper' }
    expect(sum('millrace_executor_requests_total', { ...upper, outcome: 'OK' })).toBe(7)
    expect(
      sum('millrace_executor_requests_total', { stage: 'upper', endpoint: '/fail', outcome: 'FAILED' }),
    ).toBe(1)
    expect(sum('millrace_executor_seconds_count', upper)).toBe(7)
    expect(sum('millrace_executor_queue_seconds_count', upper)).toBe(7)
    const asInJina = { executor: 'Measured', executor_endpoint: '/upper' }
    expect(sum('jina_process_request_seconds_count', { ...asInJina, runtime_name: 'upper/rep-0' })).toBe(
      sum('millrace_executor_seconds_count', { ...upper, pod: 'upper/rep-0' }),
    )
    expect(sum('jina_document_processed_total', asInJina)).toBe(3 * 2 * 7)
  })

  it('have the sizes of batches', () => {
    const batched = { stage: 'upper', endpoint: '/batch' }
    expect(sum('millrace_batch_documents_sum', batched)).toBe(2 * 5)
    expect(sum('millrace_batch_requests_total', batched)).toBe(5)
    expect(sum('millrace_executor_queue_seconds_count', batched)).toBe(5)
    expect(sum('millrace_executor_seconds_count', batched)).toBe(
      sum('millrace_batch_documents_count', batched),
    )
  })

  it('have the own metrics of Executors', () => {
    expect(sum('texts_total', { stage: 'upper', first: 'a' })).toBe(7 + 5)
    expect(sum('texts_total', { stage: 'parts', first: 'B' })).toBe(2 * (7 + 5))
    expect(sum('calls', { pod: 'parts/shard-0/rep-0' })).toBeGreaterThan(0)
    expect(sum('jina_upper_seconds_count', { runtime_name: 'parts/shard-0/rep-0' })).toBe(
      sum('calls', { pod: 'parts/shard-0/rep-0' }),
    )
  })

  it('are served as Prometheus text, and as OpenMetrics to scrapers that ask for it', async () => {
    const get = (path: string, accept = '*/*', method = 'GET'): Promise<Response> =>
      fetch(`http://127.0.0.1:${flow.metricsPort}${path}`, { method, headers: { accept } })
    const plain = await get('/metrics')
    expect(plain.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await plain.text()).toContain('\n# TYPE millrace_requests_total counter\n')
    const open = await get('/', 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5')
    expect(open.headers.get('content-type')).toBe(
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    )
    const text = await open.text()
    expect(text).toContain('\n# TYPE millrace_requests counter\n')
    expect(text.endsWith('\n# EOF\n')).toBe(true)
    expect((await get('/other')).status).toBe(404)
    expect((await get('/metrics', '*/*', 'POST')).status).toBe(405)
  })
})

it('the port of the metrics closes with the Flow, and is taken by one Flow only', async () => {
  const options = { quiet: true, host: '127.0.0.1' }
  const first = new Flow({ ...options, metrics: true }).add({ name: 'entry' })
  expect(first.metricsPort).toBeNull()
  await first.start()
  const port = first.metricsPort!
  const second = new Flow({ ...options, metrics: { port } }).add({ name: 'entry' })
  await expect(second.start()).rejects.toThrow(
    expect.objectContaining({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(`metrics at 127.0.0.1:${port}`),
    }),
  )
  await first.close()
  await expect(scrape(port)).rejects.toThrow('fetch failed')
  await second.start()
  expect(await scrape(second.metricsPort!)).not.toEqual([])
  await second.close()
})

it('without the option there is no port', async () => {
  const flow = new Flow({ quiet: true, host: '127.0.0.1' }).add({ name: 'entry' })
  await flow.start()
  expect(flow.metricsPort).toBeNull()
  await flow.close()
})

it('a killed replica is counted as lost, then as healed, and its new pod counts from 0', async () => {
  const flow = new Flow({ quiet: true, host: '127.0.0.1', metrics: true }).add({
    name: 'exec',
    uses: measured,
  })
  await flow.start()
  try {
    await flow.post('/upper', [{ text: 'a' }])
    const [pod] = (await flow.status()).stages[0]!.pods
    process.kill(pod!.pid!, 'SIGKILL')
    await expect
      .poll(async () =>
        valueOf(await scrape(flow.metricsPort!), 'millrace_replicas_healed_total', { stage: 'exec' }),
      )
      .toBe(1)
    await flow.post('/upper', [{ text: 'a' }])
    const series = await scrape(flow.metricsPort!)
    const labels = { stage: 'exec', endpoint: '/upper', outcome: 'OK' }
    expect(valueOf(series, 'millrace_executor_requests_total', labels)).toBe(1)
    expect(valueOf(series, 'millrace_replicas_lost_total', { stage: 'exec' })).toBe(1)
    expect(valueOf(series, 'millrace_requests_total', { endpoint: '/upper' })).toBe(2)
  } finally {
    await flow.close()
  }
})

it('a pod whose thread is blocked holds up no scrape', async () => {
  const uses = new URL('../fixtures/metrics-executors.mjs#Everything', import.meta.url)
  const flow = new Flow({ quiet: true, host: '127.0.0.1', metrics: true })
    .add({ name: 'exec', uses })
    .add({ name: 'other', uses, needs: 'exec' })
  await flow.start()
  try {
    const up = async (stage: string): Promise<number | undefined> =>
      valueOf(await scrape(flow.metricsPort!), 'millrace_pod_up', { stage })
    expect(await up('exec')).toBe(1)
    const hanging = flow.post('/hang', [{ text: 'a' }], { parameters: { ms: 4000 }, targetExecutor: 'exec' })
    await expect.poll(() => up('exec')).toBe(0)
    expect(await up('other')).toBe(1)
    await hanging
    await expect.poll(() => up('exec')).toBe(1)
  } finally {
    await flow.close()
  }
})

it('an endpoint that only /default serves counts as /default', async () => {
  const uses = new URL('../fixtures/metrics-executors.mjs#Everything', import.meta.url)
  const flow = new Flow({ quiet: true, host: '127.0.0.1', metrics: true }).add({ name: 'exec', uses })
  await flow.start()
  try {
    for (const endpoint of ['/x', '/y', '/default']) await flow.post(endpoint, [{ text: 'a' }])
    const series = await scrape(flow.metricsPort!)
    expect(valueOf(series, 'millrace_requests_total', { endpoint: '/default' })).toBe(3)
    expect(series.filter(({ labels }) => labels.endpoint === 'other')).toEqual([])
  } finally {
    await flow.close()
  }
})

it('bytes of documents are the same over every protocol', async () => {
  const protocols = ['grpc', 'http', 'websocket'] as const
  const bytesOver = async (uses: URL | undefined): Promise<readonly (readonly (number | undefined)[])[]> => {
    const flow = new Flow({ quiet: true, host: '127.0.0.1', metrics: true, protocol: protocols }).add({
      name: 'exec',
      ...(uses !== undefined && { uses }),
    })
    await flow.start()
    try {
      const bytes: (number | undefined)[][] = []
      const docs = [{ id: 'a'.repeat(32), text: 'a' }]
      const sums = async (): Promise<number[]> => {
        const series = await scrape(flow.metricsPort!)
        const gateway = { runtime_name: 'gateway/rep-0' }
        return ['jina_received_request_bytes_sum', 'jina_sent_response_bytes_sum'].map(
          (name) =>
            valueOf(
              series.filter(({ labels }) => labels.executor === undefined),
              name,
              gateway,
            )!,
        )
      }
      let before = await sums()
      const measure = async (send: () => Promise<unknown>): Promise<void> => {
        await send()
        const now = await sums()
        bytes.push(now.map((sum, index) => sum - before[index]!))
        before = now
      }
      await measure(() => flow.post('/upper', docs))
      for (const scheme of ['grpc', 'http', 'ws']) {
        const client = new Client({ host: `${scheme}://127.0.0.1:${flow.port}` })
        await measure(() => client.post('/upper', docs))
        await client.close()
      }
      return bytes
    } finally {
      await flow.close()
    }
  }
  for (const uses of [undefined, measured]) {
    const [first, ...others] = await bytesOver(uses)
    expect(first!.every((sum) => sum! > 30)).toBe(true)
    for (const other of others) expect(other).toEqual(first)
  }
})
