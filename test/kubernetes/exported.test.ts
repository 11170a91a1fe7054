import { Client, Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apply, echo } from './support/apply.js'
import { forward } from './support/forward.js'
import type { Said } from './support/kubectl.js'
import { Namespace } from './support/namespace.js'

let namespace: Namespace
let said: Said

beforeAll(async () => {
  namespace = await Namespace.create()
  const flow = new Flow({ name: 'shop', protocol: 'http' })
    .add({ name: 'first', uses: echo, replicas: { min: 1, max: 3 }, env: { GREETING: 'hello' } })
    .add({
      name: 'second',
      uses: echo,
      replicas: 3,
      resources: { requests: { cpu: '20m' }, limits: { memory: '256Mi' } },
    })
  said = await apply(namespace, flow)
})

afterAll(() => namespace.remove())

describe('an exported Flow', () => {
  it('is applied by a cluster without a warning', async () => {
    expect(said.stderr).toBe('')
    const created = said.stdout.trim().split('\n')
    expect(created.every((line) => line.endsWith(' created'))).toBe(true)
    expect(created.join('\n')).toContain('horizontalpodautoscaler.autoscaling/first created')
  })

  it('shares the requests of one connection evenly among replicas', async () => {
    await using gateway = await forward(namespace, 'http')
    await using client = new Client({ host: gateway.host })
    const docs = await client.post(
      '/who',
      Array.from({ length: 1000 }, (_, index) => ({ id: String(index) })),
      { requestSize: 1, prefetch: 16 },
    )
    expect(new Set([...docs].map(({ id }) => id)).size).toBe(1000)
    const counts = new Map<string, number>()
    for (const { tags } of docs) counts.set(String(tags.host), (counts.get(String(tags.host)) ?? 0) + 1)
    process.stderr.write(`answers by replica: ${JSON.stringify(Object.fromEntries(counts))}\n`)
    expect(counts.size).toBe(3)
    expect(Math.max(...counts.values()) / Math.min(...counts.values())).toBeLessThanOrEqual(1.3)
  })

  it('answers HTTP requests, with probes over HTTP', async () => {
    await using gateway = await forward(namespace, 'http')
    const ready = await fetch(`${gateway.host}/health/ready`)
    expect(await ready.json()).toEqual({ status: 'ready' })
    const { stdout } = await namespace.kubectl('get', 'deployment', 'gateway', '--output', 'json')
    const [{ readinessProbe }] = JSON.parse(stdout).spec.template.spec.containers
    expect(readinessProbe.httpGet).toMatchObject({ path: '/health/ready' })
  })

  it('runs without a warning event', async () => {
    expect(await namespace.warnings()).toEqual([])
  })

  it('has a gateway that logs no warning', async () => {
    const { stdout } = await namespace.kubectl('logs', 'deployment/gateway')
    expect(stdout).toContain('ready to use')
    expect(stdout).not.toMatch(/\[[WE]\]/)
  })
})
