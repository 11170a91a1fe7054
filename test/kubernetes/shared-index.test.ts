import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Client, Flow } from 'millrace'
import { VectorIndexer } from 'millrace/indexer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { project } from './support/apply.js'
import { kubectl } from './support/kubectl.js'
import { Namespace } from './support/namespace.js'
import { onKubernetes } from './support/platform.js'

const shards = 2
const documents = Array.from({ length: 40 }, (_, index) => ({
  id: `doc-${index}`,
  embedding: [Math.cos(index / 40), Math.sin(index / 40)],
}))

/** The index of the README. */
const readme = (): Flow<'indexer'> =>
  new Flow({ name: 'readme', workspace: path.join(os.tmpdir(), 'readme-index'), quiet: true }).add({
    name: 'indexer',
    uses: VectorIndexer,
    shards,
    replicas: 2,
    polling: { '/index': 'KEY', '/search': 'ALL', '*': 'ALL' },
    onShardFailure: 'partial',
  })

let namespace: Namespace
let folder: string

beforeAll(async () => {
  namespace = await Namespace.create()
  folder = await mkdtemp(path.join(os.tmpdir(), 'shared-volumes-'))
})

afterAll(async () => {
  await namespace.remove()
  await kubectl(['delete', 'persistentvolumes', '--selector', `for=${namespace.name}`, '--timeout=90s'])
  await rm(folder, { recursive: true })
})

/** One volume for each shard that all pods can write to; every pod of a cluster of one node can use its folders. */
async function sharedVolumes(): Promise<string> {
  const storageClassName = `shared-${namespace.name}`
  const items = await Promise.all(
    Array.from({ length: shards }, async (_, shard) => {
      const hostPath = { path: path.join(folder, String(shard)) }
      await mkdir(hostPath.path)
      await chmod(hostPath.path, 0o777)
      return {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: `${storageClassName}-${shard}`, labels: { for: namespace.name } },
        spec: { storageClassName, capacity: { storage: '64Mi' }, accessModes: ['ReadWriteMany'], hostPath },
      }
    }),
  )
  const file = path.join(folder, 'volumes.json')
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  await kubectl(['apply', '--filename', file])
  return storageClassName
}

/** Asks 30 times, on a connection each: both replicas of both shards answer. */
async function expectAll(flow: Flow<'indexer'>): Promise<void> {
  const ids = documents.map(({ id }) => id)
  for (let turn = 0; turn < 30; turn++) {
    await using client = new Client({ host: `grpc://127.0.0.1:${flow.port}` })
    const parameters = { limit: documents.length }
    const [answer] = await client.post('/search', [{ embedding: [1, 0] }], {
      returnResponses: true,
      parameters,
    })
    expect([...answer!.docs.at(0)!.matches].map(({ id }) => id)).toEqual(ids)
    expect(answer!.shards).toMatchObject({ total: shards, ok: shards })
  }
}

it('an index with two replicas per shard is refused, by start() and by the export, and nothing is changed', async () => {
  const refusal = {
    code: 'INVALID_OPTION',
    message: expect.stringMatching(/stage 'indexer': .*sharedStorageClass/s) as string,
  }
  await expect(readme().start({ ...onKubernetes(namespace), project })).rejects.toMatchObject(refusal)
  await expect(readme().toKubernetes(folder, { image: 'shop:1', project })).rejects.toMatchObject(refusal)
  const { stdout } = await namespace.kubectl('get', 'all,configmaps,pvc', '--output', 'name')
  expect(stdout.trim()).toBe('configmap/kube-root-ca.crt')
})

it('an index with one replica per shard refuses a second one', async () => {
  const one = new Flow({ name: 'single', workspace: '/workspace', quiet: true }).add({
    name: 'indexer',
    uses: VectorIndexer,
    shards,
  })
  await using running = await one.start(onKubernetes(namespace))
  await expect(running.scale('indexer', { replicas: 2 })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  await running.close({ remove: true })
})

it('the replicas of a shard share a ReadWriteMany volume, and every answer has all documents', async () => {
  const sharedStorageClass = await sharedVolumes()
  await using flow = await readme().start({ ...onKubernetes(namespace), sharedStorageClass })
  await flow.post('/index', documents, { requestSize: 1 })
  expect((await namespace.pods('indexer-0')).length + (await namespace.pods('indexer-1')).length).toBe(4)
  await expectAll(flow)
  expect(await namespace.warnings()).toEqual([])
  await namespace.deletePods(['--selector', 'app.kubernetes.io/component=executor'])
  await namespace.ready()
  await expect.poll(() => flow.isReady()).toBe(true)
  await expectAll(flow)
  await flow.scale('indexer', { replicas: 3 })
  await flow.post('/index', documents)
  await expectAll(flow)
  await flow.close({ remove: true })
}, 300_000)
