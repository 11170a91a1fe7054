import { Client, Flow } from 'millrace'
import { VectorIndexer } from 'millrace/indexer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { under } from '../support/load.js'
import { apply, echo } from './support/apply.js'
import { forward } from './support/forward.js'
import { Namespace } from './support/namespace.js'

let namespace: Namespace

beforeAll(async () => {
  namespace = await Namespace.create()
  const flow = new Flow({ name: 'store' })
    .add({ name: 'keeper', uses: VectorIndexer, workspace: '/workspace' })
    // it has a /count too
    .add({
      name: 'echo',
      uses: echo,
      env: { COUNTED: '/tmp' },
      liveness: { timeoutMs: 5000, busyMs: 60_000 },
    })
  await apply(namespace, flow)
})

afterAll(() => namespace.remove())

describe('a stage that keeps data', () => {
  it('keeps it when its only pod is killed, and requests wait for the new pod', async () => {
    await using gateway = await forward(namespace)
    await using client = new Client({ host: gateway.host })
    const ids = Array.from({ length: 50 }, (_, index) => `doc-${index}`)
    await client.post(
      '/index',
      ids.map((id, index) => ({ id, embedding: Float32Array.of(index, 1) })),
    )
    const report = await under({ host: gateway.host, endpoints: ['/count'] }, async () => {
      const [pod] = await namespace.pods('keeper')
      await namespace.deletePods([pod!.metadata.name], { force: true })
      await expect
        .poll(async () => (await namespace.pods('keeper'))[0]?.metadata.uid ?? pod!.metadata.uid)
        .not.toBe(pod!.metadata.uid)
      await namespace.ready()
    })
    const { sent, outcomes, longestMs } = report
    const [pod] = await namespace.pods('keeper')
    expect(pod!.status.containerStatuses).toMatchObject([{ restartCount: 0 }])
    process.stderr.write(
      `killed hard: ${JSON.stringify({ sent, outcomes, longestMs: Math.round(longestMs) })}\n`,
    )
    expect(outcomes).toEqual({ ok: sent })
    const [response] = await client.post('/count', undefined, { returnResponses: true })
    expect(Object.values(response!.parameters.__results__ as object)[0]).toMatchObject({ count: ids.length })
  })
})

describe('an executor that computes for long', () => {
  it('is neither restarted nor marked as not ready', async () => {
    await using gateway = await forward(namespace)
    await using client = new Client({ host: gateway.host })
    const [before] = await namespace.pods('echo')
    const docs = await client.post('/block', [{ text: 'a' }], { parameters: { ms: 20_000 } })
    expect(docs.at(0)?.tags.host).toBe(before!.metadata.name)
    const [after] = await namespace.pods('echo')
    expect(after!.metadata.uid).toBe(before!.metadata.uid)
    expect(after!.status.containerStatuses?.map(({ restartCount }) => restartCount)).toEqual([0])
    const unready = after!.status.conditions?.filter(
      ({ type, status }) => type === 'Ready' && status !== 'True',
    )
    expect(unready).toEqual([])
    expect((await namespace.warnings()).filter((warning) => warning.startsWith('Pod echo'))).toEqual([])
  })
})
