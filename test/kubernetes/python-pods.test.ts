import path from 'node:path'
import { Client, Flow } from 'millrace'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { makePythonImage } from '../support/containers/python-image.js'
import { apply } from './support/apply.js'
import { importImage } from './support/cluster.js'
import { forward } from './support/forward.js'
import { Namespace } from './support/namespace.js'

const project = path.resolve(import.meta.dirname, '../fixtures')

let namespace: Namespace

beforeAll(async () => {
  namespace = await Namespace.create()
  const made = await makePythonImage(inject('projectLayers'))
  await importImage(inject('containerd'), made.file)
  const flow = new Flow({ name: 'shop', protocol: 'http' }).add({
    ...{ name: 'shout', uses: `${project}/python/executors.py#Shout`, usesWith: { suffix: '!' } },
    ...{ image: made.name, replicas: 2 },
  })
  await apply(namespace, flow, { project })
})

afterAll(() => namespace.remove())

it('an exported Flow runs an Executor in Python with the image of its stage', async () => {
  await using gateway = await forward(namespace, 'http')
  await using client = new Client({ host: gateway.host })
  const texts = Array.from({ length: 40 }, (_, index) => `a${index}`)
  const docs = await client.post('/', texts, { requestSize: 1 })
  expect(docs.texts.toSorted()).toEqual(texts.map((text) => `${text.toUpperCase()}!`).toSorted())
  expect(new Set(Array.from(docs, ({ tags }) => tags['host'])).size).toBe(2)
  expect(await namespace.warnings()).toEqual([])
})
