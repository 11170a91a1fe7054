import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js'
import { Flow } from 'millrace'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { Collector } from '../support/traces.js'
import { type PythonServer, servePython } from './python.js'

// Traces of requests that go through a gateway of Millrace to an Executor of Jina 3.34, which exports its spans itself.

const outside = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' } as const
const headers = { traceparent: `00-${outside.traceId}-${outside.spanId}-01` }

let collector: Collector
let receiver: { readonly port: number; close(): void }
let jina: PythonServer<{ readonly executor: number }>

beforeAll(async () => {
  collector = await Collector.start()
  receiver = await receiveOverGrpc(collector)
  jina = await servePython('docarray_v2_traces.py', { traces: receiver.port })
})

afterAll(async () => {
  await jina?.stop()
  receiver?.close()
  await collector?.[Symbol.asyncDispose]()
})

const external = () =>
  ({ name: 'foreign', external: true, host: '127.0.0.1', port: jina.ready.executor }) as const

test('the spans of a Jina Executor are children of the try that reached it', async () => {
  const tracing = { endpoint: collector.endpoint }
  await using flow = await new Flow({ host: '127.0.0.1', quiet: true, tracing }).add(external()).start()
  expect((await flow.post('/reverse', ['abc'])).texts).toEqual(['cba'])
  const traced = () =>
    collector.spans.find(({ name, service }) => name === '/reverse' && service !== 'jina/rep-0')
  await expect
    .poll(() => collector.picture(traced()?.traceId ?? ''), { timeout: 30_000 })
    .toEqual([
      '/reverse [gateway/rep-0]',
      '  stage foreign [gateway/rep-0]',
      '    try foreign/external-0 [gateway/rep-0]',
      '      /jina.JinaSingleDataRequestRPC/process_single_data [jina/rep-0]',
      '      /reverse [jina/rep-0]',
      '        turn round [jina/rep-0]',
    ])
})

test('they are children of the span of the client where the gateway does not trace', async () => {
  await using flow = await new Flow({ host: '127.0.0.1', quiet: true }).add(external()).start()
  expect((await flow.post('/reverse', ['abc'], { headers })).texts).toEqual(['cba'])
  await expect
    .poll(() => collector.picture(outside.traceId), { timeout: 30_000 })
    .toEqual([
      '/jina.JinaSingleDataRequestRPC/process_single_data [jina/rep-0]',
      '/reverse [jina/rep-0]',
      '  turn round [jina/rep-0]',
    ])
  const roots = collector.spans.filter(({ parentId }) => parentId === outside.spanId)
  expect(roots.map(({ name }) => name).sort()).toEqual([
    '/jina.JinaSingleDataRequestRPC/process_single_data',
    '/reverse',
  ])
})

/**
 * OTLP over gRPC, which is what Jina exports. Its spans are added to those of `collector`. It is no part of the Python script,
 * because Jina forks its pods, and gRPC does not work in a process forked from one with a gRPC server.
 */
async function receiveOverGrpc(collector: Collector): Promise<{ readonly port: number; close(): void }> {
  const server = new Server()
  const raw = (bytes: Buffer) => bytes
  server.addService(
    {
      export: {
        path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
        ...{ requestStream: false, responseStream: false },
        ...{
          requestSerialize: raw,
          requestDeserialize: raw,
          responseSerialize: raw,
          responseDeserialize: raw,
        },
      },
    },
    {
      export(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
        collector.receive(call.request)
        answer(null, Buffer.alloc(0))
      },
    },
  )
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  )
  return { port, close: () => server.forceShutdown() }
}
