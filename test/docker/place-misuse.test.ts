import { createServer } from 'node:net'
import { Flow } from 'millrace'
import { afterEach, expect, inject, it, onTestFinished } from 'vitest'
import { conceptsProject } from '../support/concepts.suite.js'
import { docker } from './support/docker.js'

const executors = `${conceptsProject}/concepts/executors.mjs`
const name = `misuse-${process.pid}`
const onDocker = (image = inject('projectImage')) =>
  ({ on: 'docker', image, project: conceptsProject }) as const

/** All of a Flow on the engine, by name. */
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

it('an image that is nowhere is an error, and nothing is made', async () => {
  await expect(who().start(onDocker('127.0.0.1:9/nowhere/thing:1'))).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('127.0.0.1:9/nowhere/thing:1'),
  })
})

it('an image that must be named is asked for', async () => {
  await expect(who().start({ on: 'docker', project: conceptsProject })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining('export dockerfile'),
  })
})

it('a port that is in use is an error, and what was made is taken away', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { readonly port: number }
  await expect(who({ port }).start(onDocker())).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: expect.stringContaining(String(port)),
  })
})

it('an engine that is not there is an error', async () => {
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

it('a name that the engine does not take is refused', async () => {
  await expect(who({ name: 'two words' }).start(onDocker())).rejects.toMatchObject({ code: 'INVALID_NAME' })
})

it('two Flows of one name are an error; the same one, and who attaches, gets the one that runs', async () => {
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
