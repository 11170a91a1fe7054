import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { Client, Document, Flow, type FlowStatus } from 'millrace'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { under } from '../support/load.js'
import { lookThat, servePage } from '../support/page.js'
import { Namespace } from './support/namespace.js'
import { onKubernetes } from './support/platform.js'

const root = path.resolve(import.meta.dirname, '../..')
const fixtures = path.join(root, 'test/fixtures')
const greeter = path.join(fixtures, 'concepts/greeter.mjs#Greeter')
const who = path.join(fixtures, 'concepts/executors.mjs#Who')

function shop() {
  const http = { routes: path.join(fixtures, 'concepts/routes.mjs#routes') }
  return new Flow({ name: 'shop', quiet: true, protocol: ['grpc', 'http'], http })
    .add({ name: 'nothing' })
    .add({ name: 'greeter', uses: greeter, usesWith: { greeting: 'hi' }, replicas: 2 })
    .add({ name: 'who', uses: who, replicas: 2 })
}

describe('a Flow that was started on Kubernetes', () => {
  let namespace: Namespace
  let flow: ReturnType<typeof shop>
  beforeAll(async () => {
    namespace = await Namespace.create()
    flow = await shop().start({ ...onKubernetes(namespace), project: fixtures, gatewayReplicas: 2 })
  })
  afterAll(async () => {
    await flow?.close()
    await namespace.remove()
  })

  const host = (): string => `grpc://127.0.0.1:${flow.port}`
  const greetings = async (): Promise<ReadonlySet<unknown>> => {
    const docs = await flow.post(
      '/greet',
      Array.from({ length: 40 }, () => 'x'),
      { requestSize: 1 },
    )
    return new Set([...docs].map(({ tags }) => tags.greeting))
  }
  const millrace = (...args: string[]) =>
    promisify(execFile)(process.execPath, [path.join(root, 'dist/cli/main.js'), ...args], {
      env: { ...process.env, KUBECONFIG: inject('kubeconfig') },
    })

  it('reports its status', async () => {
    const status = await flow.status()
    expect(status).toMatchObject({
      name: 'shop',
      on: 'kubernetes',
      namespace: namespace.name,
      port: flow.port,
    })
    expect(status.stages).toMatchObject([
      { name: 'nothing', runtime: 'pass-through' },
      { name: 'greeter', runtime: 'kubernetes', replicas: 2, ready: 2, degraded: null },
      { name: 'who', replicas: 2, ready: 2 },
    ])
    const names = (await namespace.pods('who')).map(({ metadata }) => metadata.name)
    expect(status.stages[2]!.pods.map(({ name }) => name).toSorted()).toEqual(names.toSorted())
    expect(status.stages[2]!.pods[0]).toMatchObject({ state: 'ready', shard: 'who', restarts: 0, pid: null })
  })

  it('serves routes of its own in its gateways', async () => {
    const own = await fetch(`http://127.0.0.1:${flow.port}/who`)
    expect([own.status, await own.json()]).toEqual([200, { pod: expect.any(String) }])
  })

  it('accepts messages of 10 MB, several at once on one connection', async () => {
    const text = 'm'.repeat(10_000_000)
    const docs = await flow.post(
      '/who',
      Array.from({ length: 6 }, (_, index) => new Document({ id: String(index), text })),
      { requestSize: 1 },
    )
    expect([...docs].map(({ id, text: { length } }) => `${id}: ${length}`).toSorted()).toEqual(
      Array.from({ length: 6 }, (_, index) => `${index}: ${text.length}`),
    )
  })

  it('answers two hundred streams of one client', async () => {
    await using client = new Client({ host: host() })
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => (await client.post('/who', [`${index}`])).texts[0]),
    )
    expect(answers).toEqual(Array.from({ length: 200 }, (_, index) => `${index}`))
  })

  it('is scaled under load without losing a request, and the last of two calls wins', async () => {
    const report = await under({ host: host(), endpoints: ['/slow'], senders: 4 }, async () => {
      const [first, second] = await Promise.all([
        flow.scale('who', { replicas: 4 }),
        flow.status().then(() => flow.scale('who', { replicas: 3 })),
      ])
      expect(second.to).toBe(3)
      expect(first.to).toBe(3)
      expect(await flow.scale('who', { replicas: 1 })).toMatchObject({ from: 3, to: 1 })
      expect(await namespace.pods('who')).toHaveLength(1)
      await flow.scale('who', { replicas: 2 })
    })
    expect(report.outcomes).toEqual({ ok: report.sent })
  })

  it('loses no request when a pod of a stage is deleted under load', async () => {
    const report = await under({ host: host(), endpoints: ['/slow'], senders: 4 }, async ({ byHost }) => {
      const before = byHost.size
      const [pod] = await namespace.pods('who')
      await namespace.deletePods([pod!.metadata.name])
      await namespace.ready()
      await expect.poll(() => byHost.size).toBeGreaterThan(before)
    })
    expect(report.outcomes).toEqual({ ok: report.sent })
  })

  it('keeps its local port when the pods of its gateway are replaced', async () => {
    const report = await under({ host: host(), endpoints: ['/slow'], senders: 2 }, async () => {
      await namespace.kubectl('rollout', 'restart', 'deployment/gateway')
      await namespace.ready()
      await expect.poll(() => flow.isReady()).toBe(true)
    })
    expect(report.outcomes).toEqual({ ok: report.sent })
    expect((await flow.post('/who', ['a'])).texts).toEqual(['a'])
  })

  it('is updated pod by pod, and rolled back when new pods do not start', async () => {
    expect(await greetings()).toEqual(new Set(['hi']))
    await flow.rollingUpdate('greeter', { usesWith: { greeting: 'bonjour' } })
    await expect.poll(greetings).toEqual(new Set(['bonjour']))
    const failed = flow.rollingUpdate('greeter', { usesWith: { greeting: '' } })
    await expect(failed).rejects.toMatchObject({
      code: 'START_FAILED',
      message: expect.stringMatching(
        /pod greeter-.* crashed 3 times.*there is nothing to say.*were restored/s,
      ) as unknown,
    })
    expect(await greetings()).toEqual(new Set(['bonjour']))
    expect((await flow.status()).stages[1]).toMatchObject({ ready: 2, degraded: null })
  })

  it('shows what its pods print and log, of a stage and of one pod', async () => {
    await flow.post('/fail', ['a'], { targetExecutor: 'who' }).catch(() => {})
    const logs = async (...args: string[]): Promise<readonly string[]> => {
      const { stdout } = await millrace(
        ...['logs', '--on', 'kubernetes', '--namespace', namespace.name, ...args],
      )
      return stdout.split('\n').filter((line) => line !== '')
    }
    await expect.poll(() => logs('who')).toContainEqual(expect.stringContaining('not today'))
    const failed = (await logs('who')).find((line) => line.includes('[E]'))!
    const pod = failed.slice(0, failed.indexOf('@'))
    expect((await namespace.pods('who')).map(({ metadata }) => metadata.name)).toContain(pod)
    const entries = (await logs(pod, '--json')).map((line) => JSON.parse(line) as object)
    expect(entries).toContainEqual(expect.objectContaining({ level: 'error', name: pod }))
    await expect(logs('whoo')).rejects.toThrow("Did you mean 'who'?")
  })

  it('can be attached to and scaled by another program', async () => {
    await using found = await Flow.attach({
      on: 'kubernetes',
      namespace: namespace.name,
      kubeconfig: inject('kubeconfig'),
    })
    expect(found.stages).toEqual(['nothing', 'greeter', 'who'])
    expect(found.replicas('greeter')).toBe(2)
    expect((await found.post('/who', ['a'])).texts).toEqual(['a'])
    await expect(found.scale('greter', { replicas: 2 })).rejects.toThrow("Did you mean 'greeter'?")
    await expect(found.scale('nothing', { replicas: 2 })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await found.rollingUpdate('greeter', { usesWith: { greeting: 'hi' } })
    await expect.poll(greetings).toEqual(new Set(['hi']))
  })

  it('is shown and scaled from the command line', async () => {
    const where = ['--on', 'kubernetes', '--namespace', namespace.name]
    expect((await millrace('scale', 'greeter', '1', ...where)).stdout).toMatch(/^greeter: 2 → 1 in \d/)
    const { stdout } = await millrace('ps', ...where)
    expect(stdout).toContain(`shop  on kubernetes  namespace ${namespace.name}`)
    expect(stdout).toMatch(/greeter +1 of 1 ready/)
    const [shown] = JSON.parse((await millrace('ps', '--json', ...where)).stdout) as FlowStatus[]
    expect(shown).toMatchObject({ name: 'shop', namespace: namespace.name })
  })

  it('has a page that shows a deleted pod, scales the Flow and calls it', async () => {
    const where = ['--on', 'kubernetes', '--namespace', namespace.name]
    await using page = await servePage(...where, '--kubeconfig', inject('kubeconfig'))
    const { ask } = page
    const ready = (count: number) => async () =>
      lookThat(
        await ask('events'),
        ({ stages }) => stages[2]!.replicas === count && stages[2]!.ready === count,
      )
    expect(await ready(2)()).toMatchObject({ name: 'shop', on: 'kubernetes', namespace: namespace.name })

    const [killed] = await namespace.pods('who')
    const events = await ask('events')
    await namespace.kubectl('delete', 'pod', killed!.metadata.name, '--force', '--wait=false')
    await lookThat(events, ({ stages }) => {
      const pod = stages[2]!.pods.find(({ name }) => name === killed!.metadata.name)
      return pod?.state !== 'ready'
    })
    await ready(2)()

    expect(await (await ask('scale', { stage: 'who', replicas: 3 })).json()).toMatchObject({ to: 3 })
    expect((await ready(3)()).stages[2]!.pods).toHaveLength(3)
    expect(await namespace.pods('who')).toHaveLength(3)
    const { endpoints } = (await (await ask('served')).json()) as { readonly endpoints: readonly string[] }
    expect(endpoints).toContain('/who')
    const answer = await ask('call', { endpoint: '/who', documents: [{ text: 'a' }], parameters: {} })
    expect(await answer.json()).toMatchObject({ docs: [{ text: 'a' }] })
    expect(await (await ask('scale', { stage: 'who', replicas: 2 })).json()).toMatchObject({ to: 2 })
  })

  it('can be started over itself, and objects of removed stages are deleted', async () => {
    const smaller = new Flow({ name: 'shop', quiet: true }).add({ name: 'who', uses: who, replicas: 2 })
    await using started = await smaller.start({ ...onKubernetes(namespace), project: fixtures })
    expect(started.stages).toEqual(['who'])
    const kinds = 'deployments,services,configmaps'
    const left = async () => (await namespace.kubectl('get', kinds, '--output', 'name')).stdout
    await expect.poll(left).not.toContain('greeter')
    expect(await left()).toContain('deployment.apps/who')
  })

  it('is removed with all its objects by close({ remove: true })', async () => {
    await using found = await Flow.attach({
      on: 'kubernetes',
      namespace: namespace.name,
      kubeconfig: inject('kubeconfig'),
    })
    await found.close({ remove: true })
    const kinds = 'deployments,services,configmaps,pdb,hpa,serviceaccounts,roles,rolebindings,pods'
    const { stdout } = await namespace.kubectl('get', kinds, '--output', 'name')
    expect(stdout.trim().split('\n')).toEqual(['configmap/kube-root-ca.crt', 'serviceaccount/default'])
    await expect(
      Flow.attach({ on: 'kubernetes', namespace: namespace.name, kubeconfig: inject('kubeconfig') }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
