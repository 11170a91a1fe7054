import { Document, Flow } from 'millrace'
import { expect, inject, test } from 'vitest'

const uses = `docker://${inject('projectImage')}`
const settings = { quiet: true, host: '127.0.0.1' } as const
const upper = new URL('../fixtures/flow-executors.mjs#Upper', import.meta.url)

test('a stage in containers stands beside one in processes, and is scaled as that one', async () => {
  await using flow = await new Flow(settings)
    .add({ name: 'upper', uses: upper })
    .add({ name: 'echo', uses, replicas: 2 })
    .start()
  const docs = await flow.post('/who', Array.from({ length: 40 }, () => new Document({ text: 'x' })), {
    requestSize: 1,
  })
  expect(new Set([...docs].map(({ tags }) => tags.host)).size).toBe(2)
  const { stages } = await flow.status()
  expect(stages.map(({ runtime }) => runtime)).toEqual(['process', 'docker'])
  expect(stages[1]).toMatchObject({ replicas: 2, ready: 2 })
  expect(await flow.scale('echo', { replicas: 1 })).toMatchObject({ from: 2, to: 1 })
})
