import { setTimeout as pause } from 'node:timers/promises'
import { Client, Document, Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apply, echo } from './support/apply.js'
import { under } from '../support/load.js'
import { Namespace, type Pod } from './support/namespace.js'

let namespace: Namespace
/** The Service address of all gateways, reachable from here because this machine is a node. */
let host: string

beforeAll(async () => {
  namespace = await Namespace.create()
  const flow = new Flow({ name: 'shop' }).add({ name: 'echo', uses: echo, replicas: 2 })
  await apply(namespace, flow, { gatewayReplicas: 2 })
  const { spec } = await namespace.get<{ readonly spec: { readonly clusterIP: string } }>(
    'service',
    'gateway',
  )
  host = `grpc://${spec.clusterIP}:8080`
})

afterAll(() => namespace.remove())

const logs = async (): Promise<string> => {
  const { stdout } = await namespace.kubectl('logs', '--selector', 'app=gateway', '--tail', '-1')
  return stdout
}

describe('gateways', () => {
  it('watch EndpointSlices with the permission that they are given', async () => {
    const report = await under({ host, endpoints: ['/who'] }, () => namespace.ready())
    expect(report.outcomes).toEqual({ ok: report.sent })
    expect(await logs()).not.toContain('cannot watch')
  })

  it('that are replaced lose no request of connected clients', async () => {
    const report = await under({ host, endpoints: ['/slow', '/index'] }, async () => {
      await namespace.kubectl('rollout', 'restart', 'deployment/gateway')
      await namespace.ready()
      const [one] = await namespace.pods('gateway')
      await namespace.deletePods([one!.metadata.name])
      await namespace.ready()
    })
    const { sent, outcomes, byHost, longestMs } = report
    process.stderr.write(
      `gateways: ${JSON.stringify({ sent, outcomes, byHost, longestMs: Math.round(longestMs) })}\n`,
    )
    expect(outcomes).toEqual({ ok: sent })
    expect(report.wrong).toEqual([])
  })

  it('that are replaced move the streams of clients to another gateway', async () => {
    await using client = new Client({ host })
    const before = new Set((await namespace.pods('gateway')).map(({ metadata }) => metadata.name))
    let isOver = false
    let sent = 0
    async function* documents(): AsyncGenerator<Document> {
      for (; !isOver; sent++) {
        yield new Document({ id: String(sent) })
        await pause(10)
      }
    }
    const ids: string[] = []
    const reading = (async () => {
      const options = { requestSize: 1, prefetch: 8, resultsInOrder: true }
      for await (const { docs } of client.stream('/slow', documents, options)) ids.push(docs.at(0)!.id)
    })()
    try {
      await namespace.kubectl('rollout', 'restart', 'deployment/gateway')
      await namespace.ready()
      await expect
        .poll(async () =>
          (await namespace.get<{ items: Pod[] }>('pods')).items.map(({ metadata }) => metadata.name),
        )
        .not.toEqual(expect.arrayContaining([expect.toSatisfy((name: string) => before.has(name))]))
    } finally {
      isOver = true
    }
    await reading
    process.stderr.write(`a stream of ${sent} requests\n`)
    expect(ids).toEqual(Array.from({ length: sent }, (_, index) => String(index)))
  })

  it('without the permission use DNS, lose no request when pods are removed, and log that once', async () => {
    await namespace.kubectl('delete', 'rolebinding', 'millrace-gateway')
    await namespace.kubectl('rollout', 'restart', 'deployment/gateway')
    await namespace.ready()
    const report = await under({ host, endpoints: ['/slow', '/index'] }, async () => {
      await namespace.kubectl('rollout', 'restart', 'deployment/echo')
      await namespace.ready()
      const [one] = await namespace.pods('echo')
      await namespace.deletePods([one!.metadata.name])
      await namespace.ready()
    })
    const { sent, outcomes, byHost, longestMs } = report
    process.stderr.write(
      `by name: ${JSON.stringify({ sent, outcomes, byHost, longestMs: Math.round(longestMs) })}\n`,
    )
    expect(outcomes).toEqual({ ok: sent })
    expect(report.wrong).toEqual([])
    const said = (await logs()).split('\n').filter((line) => line.includes('cannot watch'))
    expect(said).toHaveLength(2)
    expect(said[0]).toMatch(/endpointslices\.discovery\.k8s\.io is forbidden.* looks up the names/)
  })
})
