import { realpathSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Document, Flow } from 'millrace'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { pythonPath, runPython } from '../interop/python.js'
import { conceptsProject } from '../support/concepts.suite.js'
import { containersOf, docker } from './support/docker.js'
import { temporaryFolder } from './support/folders.js'

const image = `millrace-jina:${process.pid}`
const name = `jina${process.pid}`
const environment = path.dirname(path.dirname(pythonPath()))
const interpreter = path.dirname(path.dirname(realpathSync(pythonPath())))

/** An image as Jina's are: its entry point is `jina executor --uses config.yml`. */
beforeAll(async () => {
  const container = await docker('create', inject('baseImage'), 'x')
  await docker('cp', path.join(import.meta.dirname, 'programs/jina-image'), `${container}:/executor`)
  const entrypoint = JSON.stringify([path.join(environment, 'bin/jina'), 'executor', '--uses', 'config.yml'])
  const changes = [`ENTRYPOINT ${entrypoint}`, 'CMD []', 'WORKDIR /executor', 'ENV JINA_OPTOUT_TELEMETRY=1']
  await docker('commit', ...changes.flatMap((change) => ['--change', change]), container, image)
  await docker('rm', container)
})
afterAll(() => docker('rmi', '--force', image))

/** Python and its libraries are half a gigabyte, and mounted instead of copied into the image. */
function flowYaml(): string {
  const mounts = [environment, interpreter, '/usr/lib/x86_64-linux-gnu'].map(
    (folder) => `${folder}:${folder}`,
  )
  return `
jtype: Flow
version: '1'
with:
  name: ${name}
  host: 127.0.0.1
executors:
  - name: upper
    uses: docker://${image}
    replicas: 2
    uses_with: {suffix: '!'}
    volumes: ${JSON.stringify(mounts)}
`
}

const answers = Array.from({ length: 30 }, (_, n) => `GR\u00dcSSE ${n}!`).sort()

function askedByJina(port: number): Promise<{ readonly texts: string[]; readonly names: string[] }> {
  return runPython('programs/jina_client.py', { port }, import.meta.url)
}

test('a Flow from Jina\u2019s YAML runs a real Jina Executor in containers, for a real Jina client', async () => {
  const file = path.join(temporaryFolder(), 'flow.yml')
  writeFileSync(file, flowYaml())
  await using flow = await (await Flow.loadConfig(file)).start()
  const [answer] = await flow.post('/upper', [new Document({ text: 'a' })])
  expect(answer).toMatchObject({ text: 'A!' })
  await expect(flow.post('/fail', [new Document()])).rejects.toThrow(/not today/)
  expect(await askedByJina(flow.port)).toEqual({ texts: answers, names: ['upper/rep-0', 'upper/rep-1'] })
  const [victim] = await containersOf(name)
  await docker('kill', victim!)
  expect(await flow.post('/upper', [new Document({ text: 'b' })])).toHaveLength(1)
  await expect.poll(async () => (await flow.status()).stages[0]!.ready).toBe(2)
})

test('a real Jina client talks to the gateway in a container', async () => {
  const uses = `${conceptsProject}/concepts/executors.mjs#Upper`
  const flow = new Flow({ name, host: '127.0.0.1', quiet: true }).add({ name: 'upper', uses, replicas: 2 })
  await flow.start({ on: 'docker', image: inject('projectImage'), project: conceptsProject })
  try {
    const { texts, names } = await askedByJina(flow.port)
    expect(texts).toEqual(answers)
    expect(names).toHaveLength(2)
  } finally {
    await flow.close({ remove: true })
  }
})
