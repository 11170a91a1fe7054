import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { addStage, createPlan, type FlowPlan } from '../../plan/flow-plan.js'
import { resolveOptions } from '../../plan/option.js'
import { Authority, folderWith } from '../../tls/certificates.suite.js'
import { Cluster } from './api/cluster.js'
import { mountAgain } from './certificate-secret.js'
import { findFlow } from './attach.js'
import { FakeCluster } from './fake-cluster.suite.js'
import { kubernetesStartOptions } from './options.js'
import { removeFlow } from './remove.js'
import { applyAll } from './start/apply.js'
import { type RenderedFlow, render } from './start/deploy.js'
import { prune } from './start/prune.js'

const authority = new Authority()
const issued = authority.server({ name: 'flow.test' })
const routes = fileURLToPath(import.meta.url)
const project = path.dirname(routes)
const secretPath = '/api/v1/namespaces/shop/secrets/gateway-tls'

let fake: FakeCluster
let cluster: Cluster
let files: ReturnType<typeof folderWith>
beforeEach(async () => {
  files = folderWith({ 'cert.pem': issued.cert, 'key.pem': issued.key })
  fake = await FakeCluster.start()
  cluster = await fake.connect()
})
afterEach(async () => {
  files.close()
  cluster.close()
  await fake.stop()
})

function renderedWith(hasTls: boolean): Promise<RenderedFlow> {
  const tls = hasTls ? { cert: files.path('cert.pem'), key: files.path('key.pem') } : null
  const plan: FlowPlan = addStage(createPlan({ name: 'shop', tls, protocol: 'http', http: { routes } }), {
    name: 'encoder',
    uses: 'docker://encoder:1',
  })
  return render(
    plan,
    resolveOptions(kubernetesStartOptions, { image: 'shop:1', namespace: 'shop', project }, 'test'),
  )
}

const podsPath = '/api/v1/namespaces/shop/pods'

function putPod(name: string, component: string): void {
  const labels = {
    'app.kubernetes.io/managed-by': 'millrace',
    'app.kubernetes.io/part-of': 'shop',
    'app.kubernetes.io/component': component,
  }
  fake.put(`${podsPath}/${name}`, { kind: 'Pod', metadata: { name, labels } })
}

const told = { namespace: 'shop', flow: 'shop', timeoutMs: 60_000, report: () => {} }

it('a Flow with TLS starts with a Secret, which comes first, and its key is in no other object', async () => {
  const { objects, tls } = await renderedWith(true)
  const [secret, ...others] = objects
  expect(secret).toMatchObject({
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { name: 'gateway-tls', namespace: 'shop' },
    data: {
      'tls.crt': Buffer.from(issued.cert).toString('base64'),
      'tls.key': Buffer.from(issued.key).toString('base64'),
    },
  })
  const written = JSON.stringify(others)
  expect(written).toContain('"secretName":"gateway-tls"')
  expect(written).not.toContain(issued.key.split('\n')[1])
  expect(written).not.toContain(Buffer.from(issued.key).toString('base64'))
  expect(tls).toMatchObject({ ca: files.path('cert.pem'), serverName: 'flow.test' })
})

it('a program that attaches to it knows that it has TLS, without its files', async () => {
  await applyAll(cluster, (await renderedWith(true)).objects)
  const { plan } = await findFlow(cluster, 'shop')
  expect(plan.settings.tls).toMatchObject({ cert: '/etc/millrace-tls/tls.crt', clientCertificate: null })
  expect(plan.settings).toMatchObject({ protocol: ['http'], http: { routes: null } })
})

it('the pods of the gateway are told of a new certificate, and nothing of its key', async () => {
  putPod('gateway-1', 'gateway')
  putPod('encoder-1', 'executor')
  const told = async (cert: string, key: string): Promise<unknown> => {
    await mountAgain(cluster, { namespace: 'shop', flow: 'shop' }, [
      { name: 'tls.crt', target: '', text: cert },
      { name: 'tls.key', target: '', text: key },
    ])
    return fake.objects.get(`${podsPath}/gateway-1`)!.metadata.annotations
  }
  const first = structuredClone(await told('a', 'key'))
  expect(first).toEqual({ 'checksum/certificate': expect.stringMatching(/^[0-9a-f]{16}$/) })
  expect(structuredClone(await told('a', 'other key'))).toEqual(first)
  expect(await told('b', 'key')).not.toEqual(first)
  expect(fake.objects.get(`${podsPath}/encoder-1`)!.metadata.annotations).toBeUndefined()
})

it('pods that the user may not change do no harm', async () => {
  putPod('gateway-1', 'gateway')
  fake.answer = ({ method }) => (method === 'PATCH' ? { status: 403, body: { reason: 'Forbidden' } } : null)
  await mountAgain(cluster, { namespace: 'shop', flow: 'shop' }, [])
  expect(fake.asked.at(-1)).toMatchObject({ method: 'PATCH', path: `${podsPath}/gateway-1` })
})

it('the Secret is deleted with the Flow, and when the Flow has no TLS any more', async () => {
  await applyAll(cluster, (await renderedWith(true)).objects)
  expect(fake.objects.has(secretPath)).toBe(true)
  const { objects } = await renderedWith(false)
  expect(await prune(cluster, { ...told, objects })).toEqual(['secret/gateway-tls'])
  await applyAll(cluster, (await renderedWith(true)).objects)
  await removeFlow(cluster, told, { graceMs: 1000 })
  expect(fake.objects.has(secretPath)).toBe(false)
})
