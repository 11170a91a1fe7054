import { Client, Document, Flow } from 'millrace'

import { commands, options, say } from './answers.js'
import { Batched, NoOp, OneSlow, Pacing, Typed, Untyped, Waiting } from './executors.js'

export interface FlowOptions {
  readonly executor: 'no-op' | 'waiting' | 'one-slow' | 'pacing' | 'batched' | 'typed' | 'untyped' | 'none'
  readonly stages: number
  readonly replicas: number
  readonly runtime: 'process' | 'thread'
  readonly balance?: 'power-of-two' | 'round-robin'
  readonly maxConcurrency?: number
  /** On one port. Default: gRPC. */
  readonly protocols?: readonly ('grpc' | 'http' | 'websocket')[]
  /** Default: the Flow's. */
  readonly maxConnections?: number
  /** Default: no batching. */
  readonly batchSize?: number
  /** All stages at once, and a join without an Executor behind them. Default false: one after the other. */
  readonly isFanOut?: boolean
  /** Default: off. */
  readonly metrics?: boolean
  /** URL of the collector, which gets the spans of every request. Default: no tracing. */
  readonly collector?: string
}

export interface FlowReady {
  readonly port: number
  readonly startS: number
}

export interface StreamCommand {
  readonly do: 'stream'
  readonly requests: number
  readonly docsPerRequest: number
  readonly textBytes: number
  /** Over gRPC like any client, or with flow.post. */
  readonly client: 'grpc' | 'own'
}

export interface StreamReply {
  readonly wallS: number
  readonly docs: number
}

const executors = {
  'no-op': NoOp,
  waiting: Waiting,
  'one-slow': OneSlow,
  pacing: Pacing,
  batched: Batched,
  typed: Typed,
  untyped: Untyped,
} as const

const wanted = options<FlowOptions>()
let flow = new Flow({
  host: '127.0.0.1',
  protocol: wanted.protocols ?? ['grpc'],
  limits: { maxConnections: wanted.maxConnections ?? null },
  metrics: wanted.metrics === true && { port: 0 },
  ...(wanted.collector !== undefined && { tracing: { endpoint: wanted.collector } }),
})
for (let index = 0; index < wanted.stages; index++) {
  const name = `stage${index}`
  if (wanted.executor === 'none') flow = flow.add({ name })
  else {
    const uses = executors[wanted.executor]
    const { replicas, runtime, balance, maxConcurrency, batchSize, isFanOut } = wanted
    flow = flow.add({
      ...{ name, uses, replicas, runtime },
      ...(isFanOut === true && { needs: 'gateway' as const }),
      ...(balance === undefined ? {} : { balance }),
      ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
      ...(batchSize === undefined ? {} : { dynamicBatching: { '/': { size: batchSize } } }),
    })
  }
}

if (wanted.isFanOut === true) flow = flow.needsAll()

const begin = performance.now()
await flow.start()
say({ port: flow.port, startS: (performance.now() - begin) / 1000 } satisfies FlowReady)
const client = new Client({ host: `grpc://127.0.0.1:${flow.port}` })
for await (const command of commands<StreamCommand>()) say(await stream(command))
await client.close()
const end = performance.now()
await flow.close()
say({ closeS: (performance.now() - end) / 1000 })

async function stream({
  requests,
  docsPerRequest,
  textBytes,
  ...command
}: StreamCommand): Promise<StreamReply> {
  const text = 'x'.repeat(textBytes)
  const inputs = function* (): Generator<Document> {
    for (let index = 0; index < requests * docsPerRequest; index++) yield new Document({ text })
  }
  const begun = performance.now()
  const sender = command.client === 'grpc' ? client : flow
  const docs = await sender.post('/', inputs, { requestSize: docsPerRequest })
  return { wallS: (performance.now() - begun) / 1000, docs: docs.length }
}
