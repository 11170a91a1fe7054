import { Flow } from 'millrace'
import { expect, test } from 'vitest'
import { listFlows } from '../../src/control/sockets.js'

test('other programs find a Flow as soon as it has started', async () => {
  const flow = new Flow({ quiet: true, host: '127.0.0.1', name: 'found' }).add({ name: 'entry' })
  await using _ = await flow.start()
  const own = (await listFlows()).filter(({ pid }) => pid === process.pid)
  expect(own.map(({ name }) => name)).toEqual(['found'])
})
