import { Client, Flow } from 'millrace'
import * as browser from 'millrace/client'
import { afterAll, beforeAll, expect, test } from 'vitest'

const uses = new URL('fixtures/client-executors.mjs#Probe', import.meta.url)

/** Of one replica that takes one request at a time, and a queue with room for one. */
const flow = new Flow({ quiet: true, host: '127.0.0.1', protocol: ['grpc', 'http', 'websocket'] }).add({
  name: 'narrow',
  uses,
  runtime: 'thread',
  queue: { maxRequests: 1, perReplica: 1 },
})
beforeAll(() => flow.start())
afterAll(() => flow.close())

test.each([
  { road: 'grpc', scheme: 'grpc', Client },
  { road: 'http', scheme: 'http', Client },
  { road: 'websocket', scheme: 'ws', Client },
  { road: 'fetch', scheme: 'http', Client: browser.Client },
])('over $road a full queue slows a call down and loses none of its requests', async ({ scheme, Client }) => {
  await using client = new Client({ host: `${scheme}://127.0.0.1:${flow.port}` })
  const inputs = Array.from({ length: 200 }, (_, index) => String(index))
  const answered = await client.post('/echo', inputs, { requestSize: 1, resultsInOrder: true })
  expect(answered.texts).toEqual(inputs)
})
