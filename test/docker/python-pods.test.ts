import path from 'node:path'
import { Client, Document, Flow, type StageOptions } from 'millrace'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { conceptsProject } from '../support/concepts.suite.js'
import { makePythonImage } from '../support/containers/python-image.js'
import { Composed } from './support/compose.js'
import { containersOf, docker, runningIn } from './support/docker.js'

// Executors in Python in containers of the user's own image, which has Node, Millrace, Python and Jina.

const executors = path.join(conceptsProject, 'python/executors.py')
const name = `python${process.pid}`
const settings = { name, host: '127.0.0.1', quiet: true } as const

let image: string

beforeAll(async () => {
  const made = await makePythonImage(inject('projectLayers'))
  await docker('load', '--input', made.file)
  image = made.name
})
afterAll(() => docker('rmi', '--force', image))

const onDocker = () => ({ on: 'docker', image: inject('projectImage'), project: conceptsProject }) as const
const shout = (stage: Partial<StageOptions<'shout'>> = {}): StageOptions<'shout'> => ({
  ...{ name: 'shout', uses: `${executors}#Shout`, usesWith: { suffix: '!' }, image },
  ...stage,
})
const numbered = (count: number): Document[] =>
  Array.from({ length: count }, (_, index) => new Document({ text: `a${index}` }))
const hostsOf = (docs: Iterable<Document>): Set<unknown> =>
  new Set(Array.from(docs, ({ tags }) => tags['host']))

// Python takes seconds to import Jina, several times here
const timeout = 300_000

test('replicas on Docker share the requests, lose none when one is killed, and answer what they have at the end', {
  timeout,
}, async () => {
  const flow = new Flow(settings).add(shout({ replicas: 2 }))
  await flow.start(onDocker())
  try {
    const docs = await flow.post('/', numbered(40), { requestSize: 1 })
    expect(docs.texts.toSorted()).toEqual(
      numbered(40)
        .map(({ text }) => `${text.toUpperCase()}!`)
        .toSorted(),
    )
    expect(hostsOf(docs).size).toBe(2)
    const kills: Promise<unknown>[] = []
    let answers = 0
    await flow.post('/', numbered(200), {
      ...{ requestSize: 1, prefetch: 8, parameters: { seconds: 0.02 } },
      onDone() {
        answers++
        if (kills.length === 0)
          kills.push(runningIn(name, 'shout').then(([victim]) => docker('kill', victim!)))
      },
    })
    await Promise.all(kills)
    expect(answers).toBe(200)
    await expect.poll(async () => (await flow.status()).stages[0]!.ready).toBe(2)
    const last = flow.post('/', 'last', { parameters: { until: '/tmp/released' } })
    const inFlight = async () => (await flow.status()).stages[0]!.pods.map((pod) => pod.inFlight)
    await expect.poll(inFlight).toContain(1)
    const replicas = await runningIn(name, 'shout')
    const closed = flow.close({ remove: true })
    const release = "fs.writeFileSync('/tmp/released', '')"
    await Promise.all(replicas.map((replica) => docker('exec', replica, 'node', '--eval', release)))
    expect((await last).texts).toEqual(['LAST!'])
    await closed
  } finally {
    await flow.close({ remove: true })
  }
  expect(await containersOf(name)).toEqual([])
})

test('an image with the YAML of its Executor is a stage beside others', async () => {
  const flow = new Flow(settings).add({ name: 'shout', uses: `docker://${image}`, usesWith: { suffix: '?' } })
  await using running = await flow.start()
  expect((await running.post('/', 'abc')).texts).toEqual(['ABC?'])
})

test('an image without Jina is refused with the command that installs it', async () => {
  const flow = new Flow(settings).add(shout({ python: 'python3' }))
  await expect(flow.start(onDocker())).rejects.toMatchObject({
    code: 'START_FAILED',
    message: expect.stringMatching(
      /shout\/rep-0 did not start: jina is not installed in \/usr\/local: \/usr\/local\/bin\/python3 -m pip install jina/,
    ) as string,
  })
  await flow.close({ remove: true })
})

test('an exported Flow runs its shards under Compose, and keeps their workspaces', { timeout }, async () => {
  const flow = new Flow({ ...settings, workspace: '/workspace' }).add(shout({ usesWith: {} })).add({
    ...{ name: 'memory', uses: `${executors}#Memory`, image, shards: 2 },
    polling: { '/index': 'KEY', '/search': 'ALL' },
  })
  const composed = await Composed.up(flow, conceptsProject)
  try {
    await using client = new Client({ host: composed.host })
    await client.post('/index', numbered(20))
    const found = async (): Promise<string[]> => {
      const [query] = await client.post('/search', 'q')
      return [...query!.matches].map(({ text }) => text).toSorted()
    }
    const all = numbered(20)
      .map(({ text }) => text.toUpperCase())
      .toSorted()
    expect(await found()).toEqual(all)
    await composed.compose('restart', 'memory-0')
    await composed.ready()
    expect(await found()).toEqual(all)
  } finally {
    await composed.remove()
  }
})
