import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { type DocumentArray, Flow } from 'millrace'
import { expect, it } from 'vitest'
import { Namespace } from './support/namespace.js'
import { onKubernetes } from './support/place.js'

// as built: the image has it so
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

it('the Flow of the tutorial gives on Kubernetes what it gives on this machine', async () => {
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
