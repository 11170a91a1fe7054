import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Flow, MillraceError } from 'millrace'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { echo } from './support/apply.js'
import { kubectl } from './support/kubectl.js'
import { Namespace } from './support/namespace.js'
import { onKubernetes } from './support/platform.js'

let namespace: Namespace
let folder: string
beforeEach(async () => {
  namespace = await Namespace.create()
  folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-misuse-'))
})
afterEach(async () => {
  await namespace.remove()
  await rm(folder, { recursive: true })
})

const shop = (name = 'shop') => new Flow({ name, quiet: true }).add({ name: 'echo', uses: echo, replicas: 2 })

/** The error with which a Flow fails to start. */
async function failure(starting: Promise<unknown>): Promise<MillraceError> {
  const error = await starting.then(
    () => new Error('it started'),
    (thrown: unknown) => thrown,
  )
  if (!MillraceError.is(error)) throw error
  return error
}

async function objects(): Promise<readonly string[]> {
  const kinds = 'deployments,statefulsets,services,configmaps,pdb,serviceaccounts,roles'
  const { stdout } = await namespace.kubectl('get', kinds, '--output', 'name')
  const given = ['configmap/kube-root-ca.crt', 'serviceaccount/default']
  return stdout
    .trim()
    .split('\n')
    .filter((name) => name !== '' && !given.includes(name))
}

interface Kubeconfig {
  readonly clusters: { cluster: { server: string } }[]
  users: { name: string; user: object }[]
}

async function changedKubeconfig(change: (config: Kubeconfig) => void): Promise<string> {
  const config = parse(await readFile(inject('kubeconfig'), 'utf8')) as Kubeconfig
  change(config)
  const file = path.join(folder, 'kubeconfig')
  await writeFile(file, stringify(config))
  return file
}

/** A kubeconfig of an account with the permissions of its Role. */
async function withRights(...rights: readonly string[]): Promise<string> {
  await namespace.kubectl('create', 'serviceaccount', 'guest')
  if (rights.length > 0) {
    await namespace.kubectl('create', 'role', 'guest', ...rights)
    const subject = `--serviceaccount=${namespace.name}:guest`
    await namespace.kubectl('create', 'rolebinding', 'guest', '--role=guest', subject)
  }
  const { stdout: token } = await namespace.kubectl('create', 'token', 'guest')
  return changedKubeconfig((config) => {
    config.users = config.users.map(({ name }) => ({ name, user: { token: token.trim() } }))
  })
}

describe('nothing is changed, and the error is clear', () => {
  afterEach(async () => expect(await objects()).toEqual([]))

  it('when no cluster answers', async () => {
    const kubeconfig = await changedKubeconfig(({ clusters }) => {
      clusters[0]!.cluster.server = 'https://127.0.0.1:1'
    })
    const { code, message } = await failure(shop().start({ ...onKubernetes(namespace), kubeconfig }))
    expect(code).toBe('UNAVAILABLE')
    expect(message).toContain('No cluster answers at https://127.0.0.1:1 (context ')
    expect(message).toContain(`of the kubeconfig ${kubeconfig}): ECONNREFUSED`)
  })

  it('when the context does not exist', async () => {
    const { code, message } = await failure(shop().start({ ...onKubernetes(namespace), context: 'moon' }))
    expect(code).toBe('INVALID_OPTION')
    expect(message).toMatch(/has no context 'moon'\. It has: /)
  })

  it('when the namespace does not exist', async () => {
    const name = `${namespace.name}-none`
    const { code, message } = await failure(shop().start({ ...onKubernetes(namespace), namespace: name }))
    expect(code).toBe('NOT_FOUND')
    expect(message).toContain(`There is no namespace '${name}'`)
    expect(message).toContain(`kubectl create namespace ${name}`)
  })

  it('when the user has no permissions: all missing ones are listed at once', async () => {
    const kubeconfig = await withRights('--verb=get,list,create,patch', '--resource=services,configmaps')
    const { code, message } = await failure(shop().start({ ...onKubernetes(namespace), kubeconfig }))
    expect(code).toBe('FORBIDDEN')
    expect(message).toContain(`system:serviceaccount:${namespace.name}:guest may not do`)
    expect(message).toContain('get, create, patch, list deployments.apps')
    expect(message).toContain('get, create pods/portforward')
    expect(message).not.toContain('configmaps')
    await namespace.kubectl('delete', 'role,serviceaccount', 'guest')
  })

  it('when the token is not one of the cluster', async () => {
    const kubeconfig = await changedKubeconfig((config) => {
      config.users = config.users.map(({ name }) => ({ name, user: { token: 'nobody' } }))
    })
    const { code, message } = await failure(shop().start({ ...onKubernetes(namespace), kubeconfig }))
    expect(code).toBe('FORBIDDEN')
    expect(message).toContain('does not accept the credentials of its user')
  })

  it('when a quota of objects is used up', async () => {
    await namespace.kubectl('create', 'quota', 'small', '--hard=count/deployments.apps=0')
    const { code, message } = await failure(shop().start(onKubernetes(namespace)))
    expect(code).toBe('START_FAILED')
    expect(message).toMatch(/Nothing was changed\.\ndeployment\/gateway: .*exceeded quota: small/)
  })

  it('when the cluster finds an object invalid', async () => {
    const wordy = new Flow({ name: 'shop', quiet: true }).add({
      name: 'echo',
      uses: echo,
      usesWith: { text: 'x'.repeat(1_200_000) },
    })
    const { code, message } = await failure(wordy.start(onKubernetes(namespace)))
    expect(code).toBe('START_FAILED')
    expect(message).toMatch(/configmap\/echo-files: .*Too long.*1048576 bytes/)
  })
})

describe('existing objects are not changed', () => {
  it('when another Flow is in the namespace', async () => {
    await using first = await shop('first').start(onKubernetes(namespace))
    const before = await objects()
    const { code, message } = await failure(shop('second').start(onKubernetes(namespace)))
    expect(code).toBe('START_FAILED')
    expect(message).toContain(`Two Flows in one namespace: '${namespace.name}' has the Flow 'first' already`)
    expect(await objects()).toEqual(before)
    expect((await first.post('/who', ['a'])).texts).toEqual(['a'])
  })

  it("when objects of the same names are not Millrace's", async () => {
    await namespace.kubectl('create', 'service', 'clusterip', 'echo', '--tcp=80')
    const { code, message } = await failure(shop().start(onKubernetes(namespace)))
    expect(code).toBe('START_FAILED')
    expect(message).toContain("not Millrace's: service/echo")
    expect(await objects()).toEqual(['service/echo'])
  })

  it('when another manager has set a field; numbers of replicas are reset', async () => {
    await using first = await shop().start(onKubernetes(namespace))
    await namespace.kubectl('scale', 'deployment/echo', '--replicas=1')
    await namespace.kubectl('set', 'image', 'deployment/echo', 'executor=docker.io/local/other:1')
    const { code, message } = await failure(shop().start(onKubernetes(namespace)))
    expect(code).toBe('START_FAILED')
    expect(message).toMatch(/deployment\/echo: \.spec\.template\.spec.*image was set by 'kubectl-set'/)
    expect(message).toContain('--force-conflicts')
    await namespace.kubectl('rollout', 'undo', 'deployment/echo')
    await first.close()
  })

  it('except changed numbers of replicas', async () => {
    await using first = await shop().start(onKubernetes(namespace))
    await namespace.kubectl('scale', 'deployment/echo', '--replicas=1')
    await first.close()
    await using second = await shop().start(onKubernetes(namespace))
    expect((await second.status()).stages).toMatchObject([{ replicas: 2, ready: 2 }])
  })
})

describe('applied objects are listed, with the reason why they do not run', () => {
  const remains = (): string => `were applied in namespace '${namespace.name}' and are still there: `

  it('when the image is missing', async () => {
    const options = { ...onKubernetes(namespace), image: 'registry.invalid/shop:none' }
    const { code, message } = await failure(shop().start(options))
    expect(code).toBe('START_FAILED')
    expect(message).toMatch(/pod \S+ cannot pull its image \(tried 3 times\): .*registry\.invalid\/shop:none/)
    expect(message).toContain(remains())
    expect(message).toContain('close({ remove: true })')
    const found = await Flow.attach({
      on: 'kubernetes',
      namespace: namespace.name,
      kubeconfig: inject('kubeconfig'),
    })
    await found.close({ remove: true })
    expect(await objects()).toEqual([])
  })

  it('when a quota of pods is used up', async () => {
    await namespace.kubectl('create', 'quota', 'small', '--hard=pods=1')
    const { code, message } = await failure(shop().start(onKubernetes(namespace)))
    expect(code).toBe('START_FAILED')
    expect(message).toMatch(/gets no pods: the quota of the namespace is used up: .*exceeded quota: small/)
    expect(message).toContain(remains())
  })

  it('when no node has room, after the time limit of the start', async () => {
    const large = new Flow({ name: 'shop', quiet: true, timeoutReadyMs: 5000 }).add({
      name: 'echo',
      uses: echo,
      resources: { requests: { cpu: '1000' } },
    })
    const { code, message } = await failure(large.start(onKubernetes(namespace)))
    expect(code).toBe('START_TIMEOUT')
    expect(message).toMatch(
      /deployment\/echo: pod echo-\S+ finds no node: 0\/1 nodes are available.*Insufficient cpu/,
    )
  })

  it('when a claim has no class of storage', async () => {
    const keeping = new Flow({ name: 'shop', quiet: true, timeoutReadyMs: 5000, workspace: folder }).add({
      name: 'echo',
      uses: echo,
    })
    const { code, message } = await failure(
      keeping.start({ ...onKubernetes(namespace), storageClass: 'moon' }),
    )
    expect(code).toBe('START_TIMEOUT')
    expect(message).toMatch(/waits for its volume workspace-echo-0: ProvisioningFailed: .*"moon" not found/)
  })
})

it('attaching to a missing Flow lists the existing ones', async () => {
  await using flow = await shop('elsewhere').start(onKubernetes(namespace))
  const other = await Namespace.create()
  try {
    const attach = Flow.attach({ on: 'kubernetes', namespace: other.name, kubeconfig: inject('kubeconfig') })
    const { code, message } = await failure(attach)
    expect(code).toBe('NOT_FOUND')
    expect(message).toContain(`There is no Flow in namespace '${other.name}'`)
    expect(message).toContain(`'elsewhere' in namespace '${namespace.name}'`)
  } finally {
    await other.remove()
  }
  await flow.close()
})

it('the documented Role is enough to start, scale and remove a Flow', async () => {
  const page = await readFile(path.resolve(import.meta.dirname, '../../docs/kubernetes.md'), 'utf8')
  const [, role] = /```yaml\n(.*?kind: Role\n.*?)```/s.exec(page)!
  const file = path.join(folder, 'role.yml')
  await writeFile(file, role!)
  await namespace.kubectl('apply', '--filename', file)
  const kubeconfig = await withRights()
  const subject = `--serviceaccount=${namespace.name}:guest`
  await namespace.kubectl('create', 'rolebinding', 'guest', '--role=millrace-user', subject)
  await using flow = await shop().start({ ...onKubernetes(namespace), kubeconfig })
  expect(await flow.scale('echo', { replicas: 1 })).toMatchObject({ from: 2, to: 1 })
  expect((await flow.post('/who', ['a'])).texts).toEqual(['a'])
  await flow.close({ remove: true })
  const { stdout } = await kubectl(['--namespace', namespace.name, 'get', 'deployments', '--output', 'name'])
  expect(stdout).toBe('')
})
