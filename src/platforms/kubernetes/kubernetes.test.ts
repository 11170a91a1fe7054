import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MillraceError } from '../../errors.js'
import { addStage, createPlan, type FlowPlan } from '../../plan/flow-plan.js'
import { resolveOptions } from '../../plan/option.js'
import { Cluster } from './api/cluster.js'
import { checkAttached, findFlow, listFlows } from './attach.js'
import { FakeCluster } from './fake-cluster.suite.js'
import { objectsOf } from './objects-of.js'
import { kubernetesStartOptions } from './options.js'
import { removeFlow } from './remove.js'
import { rollingUpdate } from './rollout.js'
import { scale } from './scale.js'
import { applyAll, dryRunAll } from './start/apply.js'
import { keepReplicas } from './start/autoscaled.js'
import { checkBefore, type Intent } from './start/checks.js'
import { prune } from './start/prune.js'
import { untilReady } from './start/ready.js'
import { statusOf } from './status.js'
import { look } from './view.js'

let fake: FakeCluster
let cluster: Cluster
let said: string[]
beforeEach(async () => {
  fake = await FakeCluster.start()
  cluster = await fake.connect()
  said = []
})
afterEach(async () => {
  cluster.close()
  await fake.stop()
})

const running = {
  namespace: 'shop',
  flow: 'shop',
  timeoutMs: 60_000,
  report: (sentence: string) => void said.push(sentence),
}
const deployments = '/apis/apps/v1/namespaces/shop/deployments'

function plan(name = 'shop', stage: object = {}): FlowPlan {
  const image = 'docker://registry.example/encoder:1'
  return addStage(createPlan({ name }), { name: 'encoder', uses: image, replicas: 2, ...stage })
}

async function intent(of: FlowPlan = plan()): Promise<Intent> {
  const options = resolveOptions(kubernetesStartOptions, { image: 'shop:1', namespace: 'shop' }, 'test')
  return { namespace: 'shop', flow: of.settings.name, objects: await objectsOf(of, options), forwards: true }
}

/** As a cluster would have it some seconds later. */
function settle(): void {
  for (const [at, { spec, status, metadata }] of fake.objects) {
    if (!at.startsWith(deployments)) continue
    const count = Number(spec?.replicas ?? 1)
    const counts = { replicas: count, readyReplicas: count, updatedReplicas: count }
    const object = fake.objects.get(at)!
    object.status = { ...status, ...counts, observedGeneration: Number(metadata.generation ?? 1) }
  }
}

async function applied(of?: FlowPlan): Promise<Intent> {
  const wanted = await intent(of)
  await applyAll(cluster, wanted.objects)
  settle()
  return wanted
}

function pod(name: string, app: string, status: object): void {
  const labels = {
    app,
    'app.kubernetes.io/managed-by': 'millrace',
    'app.kubernetes.io/part-of': 'shop',
  }
  fake.put(`/api/v1/namespaces/shop/pods/${name}`, {
    kind: 'Pod',
    metadata: { name, labels },
    status: { ...status },
  })
}

async function failure(attempt: Promise<unknown>): Promise<MillraceError> {
  const error: unknown = await attempt.then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  )
  if (!MillraceError.is(error)) throw error
  return error
}

describe('the API', () => {
  it('is asked again when it asks for patience', async () => {
    let refusals = 2
    fake.answer = () => (refusals-- > 0 ? { status: 429, body: {}, headers: { 'retry-after': '3' } } : null)
    const slept: number[] = []
    fake.onSleep = (ms) => slept.push(ms)
    expect(await cluster.ask({ method: 'GET', path: '/api/v1/namespaces/shop' })).toMatchObject({
      status: 200,
    })
    expect(slept).toEqual([3000, 3000])
  })

  it('that refuses for ever is an answer in the end', async () => {
    fake.answer = () => ({ status: 503, body: { message: 'etcd is away' } })
    expect(await cluster.ask({ method: 'GET', path: '/version' })).toMatchObject({ status: 503 })
    expect(fake.asked).toHaveLength(4)
  })

  it('that does not answer: server, context and kubeconfig are named', async () => {
    const label = `${fake.url} (context 'fake' of the kubeconfig ${fake.kubeconfig})`
    const other = await FakeCluster.start()
    const connected = await other.connect()
    const { url } = other
    await other.stop()
    const { code, message } = await failure(connected.ask({ method: 'GET', path: '/version' }))
    expect(code).toBe('UNAVAILABLE')
    expect(message).toContain(`No cluster answers at ${url} (context 'fake' of the kubeconfig `)
    expect(message).toContain('ECONNREFUSED')
    expect(cluster.label).toBe(label)
  })
})

describe('a kubeconfig', () => {
  it.each([
    ['that is not there', null, /cannot be read: ENOENT/],
    ['without a context', '{"contexts":[],"clusters":[],"users":[]}', /has no current context/],
    [
      'without that context',
      '{"current-context":"moon","contexts":[],"clusters":[],"users":[]}',
      /no context 'moon'/,
    ],
    [
      'whose server has no TLS',
      '{"current-context":"a","contexts":[{"name":"a","context":{"cluster":"c","user":"u"}}],"clusters":[{"name":"c","cluster":{"server":"http://a"}}],"users":[{"name":"u","user":{}}]}',
      /without TLS/,
    ],
  ])('%s is said', async (_, text, message) => {
    const file = path.join(path.dirname(fake.kubeconfig), 'other')
    if (text !== null) await writeFile(file, text)
    const error = await failure(Cluster.connect({ context: null, kubeconfig: file }))
    expect(error.code).toBe('INVALID_OPTION')
    expect(error.message).toMatch(message)
  })
})

describe('before anything is changed', () => {
  const changes = () => fake.asked.filter(({ method }) => method === 'PATCH' || method === 'DELETE')

  it('all is well', async () => {
    await checkBefore(cluster, await intent())
    expect(changes()).toEqual([])
  })

  it('all missing rights are said at once, by whom and where', async () => {
    fake.answer = ({ body }) => {
      const { resourceAttributes: right } = (body.spec ?? {}) as {
        resourceAttributes?: Record<string, string>
      }
      if (right === undefined) return null
      const allowed = right.resource !== 'services' && right.subresource !== 'portforward'
      return { status: 201, body: { status: { allowed } } }
    }
    const { code, message } = await failure(checkBefore(cluster, await intent()))
    expect(code).toBe('FORBIDDEN')
    expect(message).toContain("ann may not do in namespace 'shop'")
    expect(message).toContain('get, create, patch services; get, create pods/portforward.')
  })

  it('a right that the gateway is given has to be had', async () => {
    await checkBefore(cluster, await intent())
    const asked = fake.asked.map(
      ({ body }) => (body.spec as { resourceAttributes?: object })?.resourceAttributes,
    )
    expect(asked).toContainEqual({
      namespace: 'shop',
      verb: 'watch',
      resource: 'endpointslices',
      group: 'discovery.k8s.io',
    })
  })

  it('another Flow in the namespace is one too many', async () => {
    await applied(plan('other'))
    const { code, message } = await failure(checkBefore(cluster, await intent()))
    expect(code).toBe('START_FAILED')
    expect(message).toContain(
      "Two Flows in one namespace: 'shop' has the Flow 'other' already, and this one is 'shop'",
    )
  })

  it('objects that are being deleted are waited for by the user', async () => {
    await applied()
    fake.objects.get(`${deployments}/encoder`)!.metadata.deletionTimestamp = '2026-11-25T00:00:00Z'
    expect((await failure(checkBefore(cluster, await intent()))).message).toContain(
      'these are being deleted at the moment: deployment/encoder',
    )
  })

  it('objects that the cluster would refuse are all named', async () => {
    fake.answer = ({ path: at }) =>
      at.includes('deployments') ? { status: 403, body: { message: 'exceeded quota: small' } } : null
    const { objects } = await intent()
    const { message } = await failure(dryRunAll(cluster, objects))
    expect(message).toContain('does not take 2 objects of this Flow. Nothing was changed.')
    expect(message).toContain('deployment/gateway: exceeded quota: small (HTTP 403).')
    expect(message).toContain('deployment/encoder: exceeded quota: small (HTTP 403).')
    expect(fake.names('services')).toEqual([])
  })
})

describe('objects', () => {
  const conflict = (field: string, manager: string) => ({
    status: 409,
    body: {
      message: 'conflicts',
      details: { causes: [{ field, message: `conflict with "${manager}" using apps/v1` }] },
    },
  })

  it.each([
    ['.spec.replicas', 'kubectl'],
    ['.spec.template.spec.containers', 'millrace'],
  ])('take back %s from %s', async (field, manager) => {
    fake.answer = ({ path: at, query }) =>
      at.endsWith('deployments/encoder') && query.get('force') === null ? conflict(field, manager) : null
    await applyAll(cluster, (await intent()).objects)
    expect(fake.names('deployments')).toContain('encoder')
  })

  it('leave a field to the manager that set it, and say what was applied before', async () => {
    fake.answer = ({ path: at }) =>
      at.endsWith('deployments/encoder') ? conflict('.spec.template.image', 'kubectl-edit') : null
    const { message } = await failure(applyAll(cluster, (await intent()).objects))
    expect(message).toContain("deployment/encoder: .spec.template.image was set by 'kubectl-edit'.")
    expect(message).toContain('These were applied before, and are there: serviceaccount/millrace,')
    expect(fake.asked.every(({ query }) => query.get('force') === null)).toBe(true)
  })

  it('are not applied any more once the start is cancelled, and the error says which are there', async () => {
    const abort = new AbortController()
    fake.answer = ({ path: at }) => {
      if (at.endsWith('serviceaccounts/millrace')) abort.abort(new MillraceError('CANCELLED', 'Closed.'))
      return null
    }
    const { code, message } = await failure(applyAll(cluster, (await intent()).objects, abort.signal))
    expect({ code, message }).toEqual({
      code: 'CANCELLED',
      message: 'Closed. These were applied before, and are there: serviceaccount/millrace.',
    })
  })

  it('that an autoscaler decides about keep the number that they have', async () => {
    await applied(plan('shop', { replicas: 5 }))
    const { objects } = await intent(plan('shop', { replicas: { min: 2, max: 8 } }))
    const kept = await keepReplicas(cluster, objects)
    const replicasOf = (name: string): unknown =>
      kept.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name)?.spec
    expect(replicasOf('encoder')).toMatchObject({ replicas: 5 })
    expect(replicasOf('gateway')).toMatchObject({ replicas: 1 })
  })

  it('of stages that are gone are deleted, and nothing else', async () => {
    await applied(addStage(plan(), { name: 'old', uses: 'docker://old:1' }))
    const gone = await prune(cluster, await intent())
    expect(gone).toEqual(['deployment/old', 'poddisruptionbudget/old', 'service/old'])
    expect(fake.names('deployments')).toEqual(['gateway', 'encoder'])
  })
})

describe('waiting', () => {
  const workloads = [{ kind: 'Deployment', name: 'encoder' } as const]
  const crashed = (restartCount: number) => ({
    containerStatuses: [
      {
        name: 'executor',
        ready: false,
        restartCount,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 1, message: 'TypeError: no model' } },
      },
    ],
  })
  const unready = (): void => {
    fake.objects.get(`${deployments}/encoder`)!.status!.readyReplicas = 0
  }

  it('ends when all pods are ready', async () => {
    await applied()
    unready()
    let looks = 0
    fake.onSleep = () => void (++looks === 3 && settle())
    await untilReady(cluster, { ...running, workloads })
    expect(looks).toBe(3)
  })

  it('ends when the start is cancelled', async () => {
    await applied()
    unready()
    const abort = new AbortController()
    const reason = new MillraceError('CANCELLED', 'Closed.')
    fake.onSleep = () => abort.abort(reason)
    expect(await failure(untilReady(cluster, { ...running, workloads, signal: abort.signal }))).toBe(reason)
  })

  it('ends at once when a container crashes each time, with what it wrote', async () => {
    await applied()
    unready()
    pod('encoder-1', 'encoder', crashed(1))
    fake.onSleep = () => pod('encoder-1', 'encoder', crashed(3))
    const { code, message, output, where } = await failure(untilReady(cluster, { ...running, workloads }))
    expect(code).toBe('START_FAILED')
    expect(message).toBe(
      'deployment/encoder: pod encoder-1 crashed 3 times: exit code 1. The last it wrote:\nTypeError: no model\n',
    )
    expect(output).toEqual(['TypeError: no model'])
    expect(where).toEqual({ deployment: 'encoder', pod: 'encoder-1' })
    expect(said).toEqual([
      'deployment/encoder: pod encoder-1 crashed once: exit code 1.',
      'deployment/encoder: pod encoder-1 crashed 3 times: exit code 1.',
    ])
  })

  it('does not listen to pods of a template that is no longer wanted', async () => {
    await applied()
    unready()
    pod('encoder-1', 'encoder', crashed(3))
    const { metadata } = fake.objects.get(`${deployments}/encoder`)!
    metadata.generation = 2
    fake.onSleep = () => {
      fake.objects.delete('/api/v1/namespaces/shop/pods/encoder-1')
      settle()
    }
    await untilReady(cluster, { ...running, workloads })
    expect(said).toEqual([])
  })

  it('goes on for a while when a quota is used up, and ends then', async () => {
    await applied()
    const { status } = fake.objects.get(`${deployments}/encoder`)!
    const message = 'pods "x" is forbidden: exceeded quota: small'
    Object.assign(status!, {
      readyReplicas: 0,
      replicas: 0,
      conditions: [{ type: 'ReplicaFailure', status: 'True', message }],
    })
    const error = await failure(untilReady(cluster, { ...running, workloads }))
    expect(error.code).toBe('START_FAILED')
    expect(error.message).toContain('gets no pods: the quota of the namespace is used up')
    expect(fake.pace.now()).toBe(15_000)
    expect(said).toHaveLength(1)
  })

  it('ends after its time with what is late', async () => {
    await applied()
    unready()
    pod('encoder-1', 'encoder', {
      conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available.' }],
    })
    const { code, message } = await failure(untilReady(cluster, { ...running, workloads }))
    expect(code).toBe('START_TIMEOUT')
    expect(message).toBe(
      'Not ready after 60 s (timeoutReadyMs). deployment/encoder: pod encoder-1 finds no node: 0/1 nodes are available.',
    )
  })
})

describe('scale', () => {
  it('waits until the cluster has so many', async () => {
    await applied()
    fake.onSleep = settle
    expect(await scale(cluster, running, { stage: 'encoder', replicas: 5 })).toMatchObject({ from: 2, to: 5 })
    const [patched] = fake.asked.filter(({ path: at }) => at.endsWith('/scale'))
    expect(patched!.query.get('fieldManager')).toBe('millrace')
  })

  it('gives the number of the last call', async () => {
    await applied()
    fake.onSleep = () => {
      fake.objects.get(`${deployments}/encoder`)!.spec!.replicas = 4
      settle()
    }
    expect(await scale(cluster, running, { stage: 'encoder', replicas: 5 })).toMatchObject({ to: 4 })
  })

  it('waits until pods that go are gone', async () => {
    await applied()
    pod('encoder-9', 'encoder', {})
    fake.objects.get('/api/v1/namespaces/shop/pods/encoder-9')!.metadata.deletionTimestamp = 'now'
    let looks = 0
    fake.onSleep = () => {
      settle()
      if (++looks === 4) fake.objects.delete('/api/v1/namespaces/shop/pods/encoder-9')
    }
    await scale(cluster, running, { stage: 'encoder', replicas: 1 })
    expect(looks).toBe(4)
  })

  it('sets the number back when new pods do not get ready', async () => {
    await applied()
    const { code } = await failure(scale(cluster, running, { stage: 'encoder', replicas: 5 }))
    expect(code).toBe('START_TIMEOUT')
    expect(fake.objects.get(`${deployments}/encoder`)!.spec!.replicas).toBe(2)
  })

  it('sets each shard back to the number that it had', async () => {
    await applied(plan('shop', { replicas: 2, shards: 2 }))
    const [first, second] = [0, 1].map((shard) => fake.objects.get(`${deployments}/encoder-${shard}`)!)
    second!.spec!.replicas = 4
    const { code } = await failure(scale(cluster, running, { stage: 'encoder', replicas: 5 }))
    expect(code).toBe('START_TIMEOUT')
    expect([first, second].map((each) => each!.spec!.replicas)).toEqual([2, 4])
  })

  it('sets the first shard back when the second cannot be scaled', async () => {
    await applied(plan('shop', { replicas: 2, shards: 2 }))
    fake.answer = ({ path: at }) =>
      at.endsWith('encoder-1/scale') ? { status: 403, body: { message: 'no' } } : null
    const { code } = await failure(scale(cluster, running, { stage: 'encoder', replicas: 5 }))
    expect(code).toBe('FORBIDDEN')
    expect(fake.objects.get(`${deployments}/encoder-0`)!.spec!.replicas).toBe(2)
  })

  it('refuses a second replica where all would have to share a workspace, and each has its own', async () => {
    const stage = { replicas: 1, workspace: '/workspace', sharedWorkspace: true }
    const { objects } = await applied(plan('shop', stage))
    expect(objects.some(({ kind }) => kind === 'StatefulSet')).toBe(true)
    const { code, message } = await failure(scale(cluster, running, { stage: 'encoder', replicas: 2 }))
    expect(code).toBe('INVALID_OPTION')
    expect(message).toMatch(/stage 'encoder': the replicas of a shard must share one workspace/)
    expect(fake.asked.some(({ path: at }) => at.endsWith('/scale'))).toBe(false)
    const { controllers } = (await findFlow(cluster, 'shop')).view
    expect(() => checkAttached('shop', controllers)).not.toThrow()
    // as `kubectl scale` would
    const [stateful] = [...fake.objects]
      .filter(([at]) => at.includes('/statefulsets/'))
      .map(([, object]) => object)
    stateful!.spec = { ...stateful!.spec, replicas: 2 }
    const found = await findFlow(cluster, 'shop')
    expect(() => checkAttached('shop', found.view.controllers)).toThrow(
      /stage 'encoder'.*kubectl -n shop scale statefulset\/encoder --replicas 1/s,
    )
  })

  it('stays within the bounds of an autoscaler', async () => {
    await applied(plan('shop', { replicas: { min: 2, max: 4 } }))
    const { code, message } = await failure(scale(cluster, running, { stage: 'encoder', replicas: 5 }))
    expect(code).toBe('INVALID_OPTION')
    expect(message).toContain('its HorizontalPodAutoscaler keeps it between 2 and 4')
  })

  it('of a stage without pods is refused', async () => {
    await applied()
    const { code } = await failure(scale(cluster, running, { stage: 'nothing', replicas: 5 }))
    expect(code).toBe('UNSUPPORTED')
  })
})

describe('a rolling update', () => {
  const args = () => {
    const { template } = fake.objects.get(`${deployments}/encoder`)!.spec as {
      template: { spec: { containers: { args: string[] }[] } }
    }
    return template.spec.containers[0]!.args
  }

  it('tells an image with an Executor of its own by an argument', async () => {
    await applied(plan('shop', { usesWith: { model: 'small' } }))
    await rollingUpdate(cluster, running, { stage: 'encoder', usesWith: { model: '$(large)' } })
    expect(args().slice(-2)).toEqual(['--uses-with', '{"model":"$$(large)"}'])
    expect(args().filter((arg) => arg === '--uses-with')).toHaveLength(1)
  })

  it('changes what the next start would say itself: as the export does', async () => {
    await applied(plan('shop', { usesWith: { model: 'large' } }))
    const exported = args()
    await applied(plan('shop', { usesWith: { model: 'small' } }))
    await rollingUpdate(cluster, running, { stage: 'encoder', usesWith: { model: 'large' } })
    expect(args()).toEqual(exported)
  })

  it('is rolled back when new pods do not get ready', async () => {
    await applied(plan('shop', { usesWith: { model: 'small' } }))
    const before = [...args()]
    fake.answer = ({ method, path: at }) => {
      const isChange = method === 'PATCH' && at.endsWith('deployments/encoder')
      if (isChange) fake.objects.get(at)!.status!.readyReplicas = 0
      return null
    }
    let sleeps = 0
    fake.onSleep = () => void (++sleeps > 120 && settle())
    const { code, message } = await failure(
      rollingUpdate(cluster, running, { stage: 'encoder', usesWith: { model: 'bad' } }),
    )
    expect(code).toBe('START_TIMEOUT')
    expect(message).toContain('The previous options were restored, and its pods are ready.')
    expect(args()).toEqual(before)
  })
})

describe('a Flow that runs', () => {
  it('is found with its stages as they are now', async () => {
    const sharded = addStage(addStage(plan(), { name: 'nothing' }), {
      name: 'indexer',
      uses: 'docker://indexer:1',
      shards: 2,
      polling: 'KEY',
    })
    await applied(sharded)
    fake.objects.get(`${deployments}/encoder`)!.spec!.replicas = 7
    const found = await findFlow(cluster, 'shop')
    expect(found.flow).toBe('shop')
    expect(found.plan.settings.name).toBe('shop')
    expect(found.plan.stages).toMatchObject([
      { name: 'encoder', replicas: 7, shards: 1, external: [], source: { kind: 'image' } },
      { name: 'nothing', source: { kind: 'pass-through' } },
      { name: 'indexer', replicas: 1, shards: 2 },
    ])
    expect(found.plan.stages[2]!.polling).toEqual(sharded.stages[2]!.polling)
  })

  it('that is not there: those of other namespaces are named', async () => {
    await applied()
    const { code, message } = await failure(findFlow(cluster, 'kitchen'))
    expect(code).toBe('NOT_FOUND')
    expect(message).toContain("There is no Flow in namespace 'kitchen'")
    expect(message).toContain("There is: 'shop' in namespace 'shop'.")
  })

  it('is listed with its pods, of all namespaces', async () => {
    await applied()
    pod('encoder-1', 'encoder', { conditions: [{ type: 'Ready', status: 'True' }] })
    expect(await listFlows(cluster, null)).toMatchObject([
      {
        name: 'shop',
        namespace: 'shop',
        on: 'kubernetes',
        port: null,
        stages: [{ name: 'encoder', replicas: 2, ready: 1, pods: [{ name: 'encoder-1', state: 'ready' }] }],
      },
    ])
  })

  it('says why a pod is not ready', async () => {
    await applied()
    pod('encoder-1', 'encoder', {
      containerStatuses: [
        {
          name: 'executor',
          restartCount: 4,
          state: { waiting: { reason: 'CrashLoopBackOff' } },
          lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
        },
      ],
    })
    const view = await look(cluster, 'shop', 'shop')
    const { stages } = statusOf({ plan: plan(), view, namespace: 'shop', port: null, now: 0 })
    expect(stages[0]).toMatchObject({
      degraded: 'encoder-1 crashed 4 times: it used more memory than its limit (OOMKilled)',
      pods: [{ state: 'backoff', restarts: 4 }],
    })
  })

  it('is removed with its gateway first, and its claims are kept and named', async () => {
    await applied(plan('shop', { workspace: '/workspace' }))
    fake.put('/api/v1/namespaces/shop/persistentvolumeclaims/workspace-encoder-0', {
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'workspace-encoder-0', labels: { app: 'encoder' } },
    })
    await removeFlow(cluster, running, { graceMs: 1000 })
    const deleted = fake.asked.filter(({ method }) => method === 'DELETE').map(({ path: at }) => at)
    expect(deleted[0]).toBe(`${deployments}/gateway`)
    expect(deleted).toContain('/apis/apps/v1/namespaces/shop/statefulsets/encoder')
    expect(said.join()).toContain('kubectl -n shop delete pvc workspace-encoder-0')
    expect([...fake.objects.keys()]).toEqual([
      '/api/v1/namespaces/shop',
      '/api/v1/namespaces/shop/persistentvolumeclaims/workspace-encoder-0',
    ])
  })

  it('that does not end in time: what is left is named', async () => {
    await applied()
    pod('encoder-1', 'encoder', {})
    const { code, message } = await failure(removeFlow(cluster, running, { graceMs: 1000 }))
    expect(code).toBe('DEADLINE_EXCEEDED')
    expect(message).toContain("still there in namespace 'shop': pod/encoder-1")
  })
})
