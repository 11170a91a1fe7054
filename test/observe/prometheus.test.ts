import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client, Document, Flow } from 'millrace'
import { VectorIndexer } from 'millrace/indexer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { metricTable } from '../../src/observe/metric-names.js'
import { parseMetrics, valueOf } from '../support/metrics.js'
import { monitoring, panelQueries } from '../support/monitoring.js'
import { problemsIn, Prometheus, promtool } from './prometheus.js'

const measured = new URL('../fixtures/metrics-executors.mjs#Measured', import.meta.url)
const token = 'a-token-for-scrapers'
const workspace = mkdtempSync(path.join(tmpdir(), 'millrace-observe-'))

const flow = new Flow({
  quiet: true,
  host: '127.0.0.1',
  workspace,
  auth: { bearer: [token] },
  metrics: { auth: true },
  protocol: ['grpc', 'http'],
})
  .add({ name: 'upper', uses: measured, replicas: 2 })
  .add({ name: 'parts', uses: measured, shards: 2, polling: 'ALL', runtime: 'thread' })
  .add({ name: 'index', uses: VectorIndexer })
const authorization = `Bearer ${token}`

let prometheus: Prometheus
let client: Client

beforeAll(async () => {
  await flow.start()
  prometheus = await Prometheus.start(flow.metricsPort!, token)
  client = new Client({ host: `grpc://127.0.0.1:${flow.port}`, token })
})

afterAll(async () => {
  await client?.close()
  await prometheus?.close()
  await flow.close()
  rmSync(workspace, { recursive: true, force: true })
})

/** Waits until the query has this value: a scrape may be missing, and then its series are stale until the next one. */
const has = (query: string, value: number): Promise<void> =>
  expect.poll(() => prometheus.value(query), { message: query }).toBe(value)

const text = async (accept: string): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${flow.metricsPort}/metrics`, {
    headers: { authorization, accept },
  })
  expect(response.status).toBe(200)
  return response.text()
}

it('a real Prometheus has every series of the scrape, and the numbers of what was sent', async () => {
  const docs = [new Document({ text: 'a' }), new Document({ text: 'b' })]
  for (let sent = 0; sent < 7; sent++) await client.post('/upper', docs)
  for (let sent = 0; sent < 3; sent++) await client.post('/fail', docs).catch(() => {})
  await client.post('/batch', docs)
  const vector = new Float32Array([1, 0])
  for (const id of ['x', 'y']) await client.post('/index', [new Document({ id, embedding: vector })])

  await has('up{job="millrace"}', 1)
  await has('millrace_requests_total{endpoint="/index"}', 2)
  await has('millrace_requests_total{endpoint="/upper",code="OK",protocol="grpc"}', 7)
  await has('millrace_requests_total{endpoint="/fail",code="EXECUTOR_FAILED"}', 3)
  await has('sum(millrace_hop_seconds_count{stage="upper"})', 11)
  await has('sum(millrace_executor_seconds_count{stage="upper",endpoint="/upper"})', 7)
  await has('sum(texts_total{stage="upper",first="a"})', 8)
  await has('millrace_index_documents', 2)
  await has('millrace_index_commits_total', 2)
  await has('sum(jina_document_processed_total{executor="VectorIndexer"})', 2)
  await has('count(millrace_pod_up == 1)', 5)

  const identities = (series: readonly Readonly<Record<string, string>>[]): string[] =>
    series.map((labels) => JSON.stringify(Object.entries(labels).sort())).sort()
  const stored = async (): Promise<readonly string[]> =>
    identities(
      (await prometheus.query('{job="millrace",__name__!~"up|scrape_.*"}')).map(({ metric }) => {
        const labels = Object.entries(metric).filter(([label]) => label !== 'job' && label !== 'instance')
        return Object.fromEntries(labels)
      }),
    )
  const scraped = parseMetrics(await text('*/*'))
  await expect
    .poll(stored)
    .toEqual(identities(scraped.map(({ name, labels }) => ({ __name__: name, ...labels }))))
})

it('every metric of docs/metrics.md appears', async () => {
  const names = new Set(parseMetrics(await text('*/*')).map(({ name }) => name))
  const missing = Object.entries(metricTable).filter(
    ([name, { kind }]) => !names.has(kind === 'histogram' || kind === 'summary' ? `${name}_count` : name),
  )
  expect(missing.map(([name]) => name)).toEqual([])
})

it('promtool finds nothing to complain about', async () => {
  expect(problemsIn(await text('*/*'))).toBe('')
  expect(problemsIn('millrace_things 1\n')).toContain('no help text')
})

it('every panel of the dashboard shows something', async () => {
  await client.post('/batch', [new Document({ text: 'a' })])
  for (const { panel, query } of panelQueries())
    await expect
      .poll(async () => (await prometheus.query(query)).length, { message: panel })
      .toBeGreaterThan(0)
})

it('promtool takes the alert rules, and their tests pass', () => {
  expect(promtool(['check', 'rules', path.join(monitoring, 'alerts.yml')])).toBe('')
  expect(promtool(['test', 'rules', path.join(import.meta.dirname, 'alerts.test.yml')])).toBe('')
})

it('the numbers add up when a replica is killed under load', async () => {
  let isDone = false
  let ok = 0
  let failed = 0
  const send = async (): Promise<void> => {
    while (!isDone) {
      await client.post('/upper', [new Document({ text: 'z' })], { maxAttempts: 1 }).then(
        () => ok++,
        () => failed++,
      )
    }
  }
  const labels = { endpoint: '/upper', protocol: 'grpc', code: 'OK' }
  const before = valueOf(parseMetrics(await text('*/*')), 'millrace_requests_total', labels)!
  const senders = Array.from({ length: 4 }, send)
  const pods = (await flow.status()).stages.find(({ name }) => name === 'upper')!.pods
  process.kill(pods[0]!.pid!, 'SIGKILL')
  await has('millrace_replicas_healed_total{stage="upper"}', 1)
  isDone = true
  await Promise.all(senders)
  await has('sum(millrace_requests_total{endpoint="/upper"})', before + ok + failed)
  await has('sum(millrace_requests_total{endpoint="/upper",code!="OK"}) or vector(0)', failed)
  await has('millrace_replicas_lost_total{stage="upper"}', 1)
  await has('millrace_replicas_wanted{stage="upper"}', 2)
  await has('millrace_replicas{stage="upper",state="ready"}', 2)
})

it('without the token there are no metrics', async () => {
  const response = await fetch(`http://127.0.0.1:${flow.metricsPort}/metrics`)
  expect(response.status).toBe(401)
  expect(response.headers.get('www-authenticate')).toContain('Bearer')
  expect(await response.text()).not.toContain('millrace_requests_total')
})
