import { expect, test } from 'vitest'
import { Document } from '../document/index.js'
import { startFakePeer } from '../transport/grpc/fake-peer.suite.js'
import { Client } from './client.js'

test('post gives the documents of all answers', async () => {
  const peer = await startFakePeer()
  await using client = new Client({ host: `grpc://127.0.0.1:${peer.port}` })
  const inputs = Array.from({ length: 250 }, (_, index) => new Document({ text: `text ${index}` }))
  const results = await client.post('/foo', inputs)
  expect(results.length).toBe(250)
  expect([...results].map((document) => document.text)).toEqual(inputs.map((document) => document.text))
  expect(peer.calls[0]!.requests.map((request) => request.endpoint)).toEqual(['/foo', '/foo', '/foo'])
  await peer.close()
})
