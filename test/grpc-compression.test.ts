import * as grpc from '@grpc/grpc-js'
import { Flow, type FlowOptions } from 'millrace'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Document, DocumentArray } from '../src/document/index.js'
import { methods } from '../src/grpc/methods.js'
import { DataRequest } from '../src/wire/data-request.js'
import { CountingRelay } from './support/counting-relay.js'

const text = 'compressible '.repeat(50_000)
const asked = Buffer.from(
  DataRequest.create({ endpoint: '/', docs: new DocumentArray([new Document({ text })]) }).encode(),
)

const flowWith = (options: FlowOptions): Flow<'entry'> =>
  new Flow({ host: '127.0.0.1', quiet: true, ...options }).add({ name: 'entry' })
const flows = {
  byDefault: flowWith({}),
  always: flowWith({ grpc: { compression: { always: true } } }),
  never: flowWith({ grpc: { compression: false } }),
}

beforeAll(() => Promise.all(Object.values(flows).map((flow) => flow.start())))
afterAll(() => Promise.all(Object.values(flows).map((flow) => flow.close())))

/** How many bytes the answer to a call of grpc-js took on the wire. */
async function bytesOfAnswer(flow: Flow<'entry'>, algorithm: grpc.compressionAlgorithms): Promise<number> {
  const relay = await CountingRelay.start(flow.port)
  const client = new grpc.Client(`127.0.0.1:${relay.port}`, grpc.credentials.createInsecure(), {
    'grpc.default_compression_algorithm': algorithm,
  })
  const same = (bytes: Buffer): Buffer => bytes
  const answer = await new Promise<Buffer>((resolve, reject) => {
    client.makeUnaryRequest(methods.processSingleData, same, same, asked, (error, bytes) =>
      error === null ? resolve(bytes!) : reject(error),
    )
  })
  client.close()
  await relay.close()
  expect(DataRequest.decode(answer).docs.texts).toEqual([text])
  return relay.received
}

const { gzip, identity } = grpc.compressionAlgorithms

it.each([
  ['compressed to a client of grpc-js that compresses', flows.byDefault, gzip, true],
  ['as it is to one that does not', flows.byDefault, identity, false],
  ['compressed to one that does not, with `always`', flows.always, identity, true],
  ['as it is when the Flow does not compress', flows.never, gzip, false],
])('an answer is sent %s', async (_how, flow, algorithm, isCompressed) => {
  const bytes = await bytesOfAnswer(flow, algorithm)
  if (isCompressed) expect(bytes).toBeLessThan(text.length / 20)
  else expect(bytes).toBeGreaterThan(text.length)
})
