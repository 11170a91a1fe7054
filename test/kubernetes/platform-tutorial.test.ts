import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { type DocumentArray, Flow } from 'millrace'
import { expect, inject, it } from 'vitest'
import { echo, project } from './support/apply.js'
import { Namespace } from './support/namespace.js'
import { onKubernetes } from './support/platform.js'

// the built example, as in the image
const build = path.resolve(import.meta.dirname, '../../build')
const tokenizer = pathToFileURL(path.join(build, 'examples/scale-out/my-tokenizer.js'))
const news = Array.from({ length: 300 }, (_, index) => ({
  id: String(index),
  text: `the ${['cat', 'dog', 'mill', 'race'][index % 4]} number ${index} and its ${index % 7} wheels`,
}))

function tutorial() {
  return new Flow({ quiet: true })
    .add({ name: 'fast_executor' })
    .add({ name: 'slow_executor', uses: new URL(`${tokenizer.href}#MyTokenizer`), replicas: 2 })
}

async function results(flow: ReturnType<typeof tutorial>): Promise<object> {
  const docs: DocumentArray = await flow.post('/foo', news, { resultsInOrder: true })
  return docs.toJSON()
}

it('the tutorial gives the same results on Kubernetes as on this machine', async () => {
  const namespace = await Namespace.create()
  try {
    const here = await tutorial().start()
    const expected = await results(here)
    await here.close()
    const there = await tutorial().start({ ...onKubernetes(namespace), project: build })
    expect(await results(there)).toEqual(expected)
    await there.scale('slow_executor', { replicas: 3 })
    expect(await results(there)).toEqual(expected)
    await there.scale('slow_executor', { replicas: 1 })
    expect(await results(there)).toEqual(expected)
    await there.close({ remove: true })
  } finally {
    await namespace.remove()
  }
})

const main = path.resolve(import.meta.dirname, '../../dist/cli/main.js')

it('the command line starts the Flow of a YAML file, which outlives the command', async () => {
  const namespace = await Namespace.create()
  const folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-yaml-'))
  try {
    const file = path.join(folder, 'flow.yml')
    const [module, className] = echo.split('#')
    const executor = { name: 'echo', uses: { jtype: className, py_modules: [module] }, replicas: 2 }
    await writeFile(file, JSON.stringify({ jtype: 'Flow', with: { name: 'shop' }, executors: [executor] }))
    const there = ['--on', 'kubernetes', '--namespace', namespace.name, '--kubeconfig', inject('kubeconfig')]
    const args = ['flow', file, ...there, '--image', inject('image'), '--project', project]
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [main, ...args])
    expect(stdout).toContain(`The Flow shop is ready on kubernetes.`)
    expect(stderr).toContain('waiting for deployment/gateway, deployment/echo')
    await using found = await Flow.attach({
      on: 'kubernetes',
      namespace: namespace.name,
      kubeconfig: inject('kubeconfig'),
    })
    expect((await found.post('/who', ['a'])).texts).toEqual(['a'])
    await found.close({ remove: true })
  } finally {
    await rm(folder, { recursive: true })
    await namespace.remove()
  }
})
