import { h2load } from '../measure/h2load.js'
import { httpLoad } from '../measure/http-load.js'
import { interleave } from '../measure/interleave.js'
import { embeddedDocument, jsonBody, textDocuments } from '../measure/json-body.js'
import { jinaProgram, nodeProgram } from '../measure/peers.js'
import { type Command, Program } from '../measure/program.js'
import { requestFile, requests as requestsOf } from '../measure/request-file.js'
import { median } from '../measure/statistics.js'
import { webSocketLoad } from '../measure/websocket-load.js'
import type { FlowOptions } from '../programs/flow.js'
import type { Figure, Result, Row } from '../row.js'

const ROUNDS = 5
const IN_FLIGHT = 32

interface Server {
  readonly name: string
  readonly program: Program
  readonly port: number
}

/** Of one round. CPU in µs a request. */
interface Run {
  readonly rate: number
  /** All processes. */
  readonly cpu: number
  /** The first process alone: the gateway. */
  readonly gateway: number
}

/** Sends so many requests to a port, and returns how many were answered in a second. */
type Load = (port: number, requests: number) => Promise<number>

type Servers = Readonly<Record<'ours' | 'fastify' | 'jinaHttp' | 'jinaWebSocket', Server>>

const flow: FlowOptions = {
  ...{ executor: 'no-op', stages: 1, replicas: 1, runtime: 'process' },
  protocols: ['grpc', 'http', 'websocket'],
}

/** Requests of a gateway with one process replica over HTTP and WebSocket, against Jina's gateways and a bare Fastify. */
export const web: Row = {
  rows: ['33', '34', '35'],
  needs: ['jina', 'h2load'],
  async measure() {
    const jina = (protocol: string): Command =>
      jinaProgram('jina_flow.py', { stages: 1, replicas: 1, protocol })
    const ours = await serve('Millrace', nodeProgram('flow', flow))
    const fastify = await serve('bare Fastify', nodeProgram('fastify', {}))
    const jinaHttp = await serve('Jina', jina('http'))
    const jinaWebSocket = await serve('Jina', jina('websocket'))
    const servers = { ours, fastify, jinaHttp, jinaWebSocket }
    try {
      return [...(await http(servers)), ...(await webSocket(servers)), ...(await protocols(ours))]
    } finally {
      for (const { program } of Object.values(servers)) await program.end()
    }
  },
}

async function serve(name: string, command: Command): Promise<Server> {
  const { program, ready } = await Program.start<{ port: number }>(command)
  return { name, program, port: ready.port }
}

async function http({ ours, fastify, jinaHttp }: Servers): Promise<readonly Result[]> {
  const one = post(jsonBody('one-text', textDocuments(1, 100)))
  const many = post(jsonBody('many-texts', textDocuments(100, 1024)))
  const embedded = post(jsonBody('one-embedding', [embeddedDocument(768)]))
  const small = await compare({
    ours: () => run(ours, one, 12_000),
    fastify: () => run(fastify, one, 24_000),
    jina: () => run(jinaHttp, one, 600),
  })
  const texts = await compare({
    ours: () => run(ours, many, 400),
    fastify: () => run(fastify, many, 800),
  })
  const vectors = await compare({
    ours: () => run(ours, embedded, 2_000),
    fastify: () => run(fastify, embedded, 3_000),
  })
  const by = 'HTTP POST of one document, 32 connections with one in flight each, by h2load'
  const rate = { what: by, unit: 'requests/s', relation: '≥' } as const
  const cpu = { unit: 'µs', relation: '≤', must: 2 } as const
  return [
    { row: '33a', ...rate, ...rates(ours, small.ours, jinaHttp, small.jina), must: 15 },
    { row: '33b', ...rate, ...rates(ours, small.ours, fastify, small.fastify), must: 0.5, aim: 0.7 },
    {
      ...{ row: '33c', what: 'the same, server CPU a request', ...cpu },
      ...cpus(ours, small.ours, fastify, small.fastify),
    },
    {
      ...{ row: '33d', what: 'the same with 100 documents of 1 KB text, server CPU a request', ...cpu },
      ...cpus(ours, texts.ours, fastify, texts.fastify),
    },
    {
      ...{ row: '33e', what: 'the same with an embedding of 768 numbers, server CPU a request', ...cpu },
      ...cpus(ours, vectors.ours, fastify, vectors.fastify),
    },
  ]
}

async function webSocket({ ours, jinaWebSocket }: Servers): Promise<readonly Result[]> {
  const one = frames(1)
  const many = frames(100)
  const small = await compare({
    ours: () => run(ours, one, 20_000),
    jina: () => run(jinaWebSocket, one, 800),
  })
  const large = await compare({
    ours: () => run(ours, many, 4_000),
    jina: () => run(jinaWebSocket, many, 300),
  })
  const row = { unit: 'requests/s', relation: '≥', must: 15 } as const
  const by = 'one WebSocket, 32 in flight, by a plain socket'
  return [
    {
      ...{ row: '34a', what: `WebSocket, one document a request, ${by}`, ...row },
      ...rates(ours, small.ours, jinaWebSocket, small.jina),
    },
    {
      ...{ row: '34b', what: `WebSocket, 100 documents a request, ${by}`, ...row },
      ...rates(ours, large.ours, jinaWebSocket, large.jina),
    },
  ]
}

/** The same small request over each protocol, each with 32 in flight. */
async function protocols(ours: Server): Promise<readonly Result[]> {
  const one = post(jsonBody('one-text', textDocuments(1, 100)))
  const request = requestFile(100)
  const grpc: Load = (port, requests) => h2load({ port, request, requests, connections: 4, streams: 8 })
  const runs = await compare({
    grpc: () => run(ours, grpc, 20_000),
    http: () => run(ours, one, 12_000),
    webSocket: () => run(ours, frames(1), 20_000),
  })
  const against = (row: string, name: string, of: readonly Run[], must: number): Result => ({
    ...{ row, what: `server CPU a request of one document, ${name} against gRPC`, unit: 'µs' },
    ours: figure(name, of, 'cpu'),
    peer: figure('gRPC', runs.grpc, 'cpu'),
    ...{ relation: '≤', must },
    note: `for information: no target of its own; ${shares(name, of)}, ${shares('gRPC', runs.grpc)}`,
  })
  return [against('35a', 'HTTP', runs.http, 3), against('35b', 'WebSocket', runs.webSocket, 1)]
}

function post(body: string): Load {
  return (port, requests) => httpLoad({ port, body, requests, connections: IN_FLIGHT })
}

function frames(documents: number): Load {
  const messages = requestsOf(2 * IN_FLIGHT, documents, 100)
  return (port, requests) => webSocketLoad({ port, messages, requests, inFlight: IN_FLIGHT })
}

/** In turns, after a round that only warms up. */
async function compare<Name extends string>(
  runs: Readonly<Record<Name, () => Promise<Run>>>,
): Promise<Record<Name, Run[]>> {
  await interleave(1, runs)
  return interleave(ROUNDS, runs)
}

async function run({ program, port }: Server, load: Load, requests: number): Promise<Run> {
  const [all, own] = [program.cpuS, program.ownCpuS]
  const rate = await load(port, requests)
  const perRequest = (seconds: number): number => (seconds * 1e6) / requests
  return { rate, cpu: perRequest(program.cpuS - all), gateway: perRequest(program.ownCpuS - own) }
}

function rates(
  ours: Server,
  our: readonly Run[],
  peer: Server,
  its: readonly Run[],
): Pick<Result, 'ours' | 'peer' | 'note'> {
  return {
    ours: figure(ours.name, our, 'rate'),
    peer: figure(peer.name, its, 'rate'),
    note: `server CPU a request: ${shares(ours.name, our)}, ${peer.name} ${micro(its, 'cpu')}`,
  }
}

function cpus(
  ours: Server,
  our: readonly Run[],
  peer: Server,
  its: readonly Run[],
): Pick<Result, 'ours' | 'peer' | 'note'> {
  return {
    ours: figure(ours.name, our, 'cpu'),
    peer: figure(peer.name, its, 'cpu'),
    note: `for information: no target of its own; ${shares(ours.name, our)}`,
  }
}

function figure(name: string, runs: readonly Run[], key: keyof Run): Figure {
  return { name, values: runs.map((one) => one[key]) }
}

function shares(name: string, runs: readonly Run[]): string {
  const replica = runs.map(({ cpu, gateway }) => cpu - gateway)
  return `${name} ${micro(runs, 'cpu')}, of which the replica ${median(replica).toFixed(0)} µs`
}

function micro(runs: readonly Run[], key: keyof Run): string {
  return `${median(runs.map((one) => one[key])).toFixed(0)} µs`
}
