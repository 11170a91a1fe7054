import { createServer } from 'node:net'
import { Flow } from 'millrace'
import { afterEach, expect, inject, it, onTestFinished } from 'vitest'
import { conceptsProject } from '../support/concepts.suite.js'
import { containersOf, docker } from './support/docker.js'

const executors = `${conceptsProject}/concepts/executors.mjs`
const name = `misuse-${process.pid}`
const onDocker = (image = inject('projectImage')) =>
  ({ on: 'docker', image, project: conceptsProject }) as const

/** Everything that a Flow has on the engine, by name. */
async function leftOf(flow: string): Promise<readonly string[]> {
  const filter = ['--filter', `label=millrace.flow=${flow}`]
  const [containers, networks] = await Promise.all([
    docker('ps', '--all', '--quiet', ...filter),
    docker('network', 'ls', '--quiet', ...filter),
  ])
  return [containers, networks].flatMap((said) => said.split('\n')).filter((id) => id !== '')
}

const who = (options: object = {}, stage: object = {}): Flow<'who'> =>
  new Flow({ name, host: '127.0.0.1', quiet: true, ...options }).add({
    name: 'who',
    uses: `${executors}#Who`,
    ...stage,
  })

afterEach(async () => expect(await leftOf(name)).toEqual([]))

it('a missing image is an error, and nothing is created', async () => {
  await expect(who().start(onDocker('127.0.0.1:9/nowhere/thing:1'))).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('127.0.0.1:9/nowhere/thing:1'),
  })
})

it('a stage without an image is an error', async () => {
  await expect(who().start({ on: 'docker', project: conceptsProject })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining('export dockerfile'),
  })
})

it('a taken port is an error, and what was created is removed', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { readonly port: number }
  await expect(who({ port }).start(onDocker())).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: expect.stringContaining(String(port)),
  })
})

it('an unreachable engine is an error', async () => {
  const before = process.env.DOCKER_HOST
  process.env.DOCKER_HOST = 'unix:///nowhere/docker.sock'
  const refused = await who()
    .start(onDocker())
    .catch((error: unknown) => error)
  process.env.DOCKER_HOST = before
  expect(refused).toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('/nowhere/docker.sock'),
  })
})

it('a name that the engine does not accept is refused', async () => {
  await expect(who({ name: 'two words' }).start(onDocker())).rejects.toMatchObject({ code: 'INVALID_NAME' })
})

it('another Flow of the same name is refused; the same Flow, and attach, get the running one', async () => {
  await expect(Flow.attach({ on: 'docker', name })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const flow = await who().start(onDocker())
  try {
    const other = who({}, { usesWith: { model: 'another' } })
    await expect(other.start(onDocker())).rejects.toMatchObject({
      code: 'ALREADY_STARTED',
      message: expect.stringContaining(name),
    })
    const running = await leftOf(name)
    const same = await who().start(onDocker())
    const attached = await Flow.attach({ on: 'docker', name })
    expect([same.port, attached.port]).toEqual([flow.port, flow.port])
    expect(attached.stages).toEqual(['who'])
    expect((await attached.post('/who', ['a'])).texts).toEqual(['a'])
    await same.close()
    await attached.close()
    expect((await leftOf(name)).toSorted()).toEqual(running.toSorted())
  } finally {
    await flow.close({ remove: true })
  }
})

it('two programs that start the same Flow at once do not remove each other’s containers', async () => {
  const flows = [who(), who()]
  const outcomes = await Promise.allSettled(flows.map((flow) => flow.start(onDocker())))
  const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  try {
    expect(started.length).toBeGreaterThan(0)
    for (const error of refused) expect(error).toMatchObject({ code: 'ALREADY_STARTED' })
    expect((await started[0]!.post('/who', ['a'])).texts).toEqual(['a'])
  } finally {
    await started[0]?.close({ remove: true })
  }
})

it('a Flow whose containers were stopped is started again, and start() waits for it', async () => {
  const flow = await who().start(onDocker())
  await flow.close()
  await docker('stop', '--time', '10', ...(await containersOf(name)))
  const again = await who().start(onDocker())
  try {
    expect((await again.post('/who', ['a'])).texts).toEqual(['a'])
  } finally {
    await again.close({ remove: true })
  }
})

it('a rolling update is rolled back when a later replica does not start', async () => {
  const flow = await who({ workspace: '/workspace' }, { uses: `${executors}#Fickle`, replicas: 2 }).start(
    onDocker(),
  )
  try {
    const rolled = await flow.rollingUpdate('who', { usesWith: {} })
    expect(rolled.replaced).toBe(2)
    const before = await flow.status()
    await expect(flow.rollingUpdate('who', { usesWith: { once: 'started' } })).rejects.toMatchObject({
      code: 'START_FAILED',
      message: expect.stringMatching(/EEXIST[^]*The replicas that were replaced before are rolled back\./),
    })
    const docs = await flow.post('/options', Array<string>(20).fill('a'), { requestSize: 1 })
    expect(new Set(docs.texts)).toEqual(new Set(['null']))
    expect((await flow.status()).stages[0]).toMatchObject({ replicas: 2, ready: 2 })
    expect(before.stages[0]).toMatchObject({ replicas: 2, ready: 2 })
  } finally {
    await flow.close({ remove: true })
    const volumes = await docker('volume', 'ls', '--quiet', '--filter', `name=^${name}-`)
    await docker('volume', 'rm', ...volumes.split('\n'))
  }
})
