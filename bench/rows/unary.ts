import { ghz, type LoadResult, writeProtoset } from '../measure/ghz.js'
import { h2load } from '../measure/h2load.js'
import { interleave } from '../measure/interleave.js'
import { jinaProgram, nodeProgram } from '../measure/peers.js'
import { ownCpuSecondsOf } from '../measure/process-tree.js'
import { type Command, Program } from '../measure/program.js'
import { requestFile } from '../measure/request-file.js'
import { median } from '../measure/statistics.js'
import type { FlowOptions } from '../programs/flow.js'
import type { Figure, Result, Row } from '../row.js'

const ROUNDS = 5
const TEXT_BYTES = 100

interface Server {
  readonly program: Program
  readonly port: number
  /** Requests of one measured run; slow servers get fewer, so that each runs about as long. */
  readonly requests: number
}

interface Run extends LoadResult {
  readonly cpuMs: number
  /** CPU of the tool that sends the requests, a request. */
  readonly toolMs: number
}

const flow: FlowOptions = { executor: 'no-op', stages: 1, replicas: 1, runtime: 'process' }

/** Unary gRPC requests of one small document through a gateway and one process replica, by ghz over one connection. */
export const unary: Row = {
  rows: ['5', '6', '7'],
  needs: ['jina', 'ghz', 'grpcurl', 'h2load'],
  async measure() {
    const ours = await serve(nodeProgram('flow', flow), 12_000)
    const jina = await serve(jinaProgram('jina_flow.py', { stages: 1, replicas: 1 }), 1_500)
    const echo = await serve(nodeProgram('echo', {}), 12_000)
    const servers = [ours, jina, echo]
    try {
      await writeProtoset(jina.port)
      const request = requestFile(TEXT_BYTES)
      for (const server of servers) await load(server, request, 32) // warm
      const busy = await interleave(ROUNDS, {
        ours: () => load(ours, request, 32),
        jina: () => load(jina, request, 32),
        echo: () => load(echo, request, 32),
      })
      const calm = await interleave(ROUNDS, {
        ours: () => load({ ...ours, requests: 1_500 }, request, 1),
        jina: () => load({ ...jina, requests: 400 }, request, 1),
        echo: () => load({ ...echo, requests: 1_500 }, request, 1),
      })
      const dense = await interleave(ROUNDS, {
        ours: () => loadDensely(ours, request, 40_000),
        jina: () => loadDensely(jina, request, 1_500),
        echo: () => loadDensely(echo, request, 40_000),
      })
      return [...resultsOf(busy, calm), ...denseResultsOf(dense)]
    } finally {
      for (const { program } of servers) await program.end()
    }
  },
}

async function serve(command: Command, requests: number): Promise<Server> {
  const { program, ready } = await Program.start<{ port: number }>(command)
  return { program, port: ready.port, requests }
}

async function load({ program, port, requests }: Server, request: string, inFlight: number): Promise<Run> {
  const cpu = cpuMsOf(program, requests)
  const result = await ghz({ port, request, requests, inFlight })
  return { ...result, ...cpu() }
}

type DenseRun = Pick<Run, 'requestsPerS' | 'cpuMs' | 'toolMs'>

async function loadDensely({ program, port }: Server, request: string, requests: number): Promise<DenseRun> {
  const cpu = cpuMsOf(program, requests)
  const requestsPerS = await h2load({ port, request, requests, connections: 4, streams: 8 })
  return { requestsPerS, ...cpu() }
}

/** Begins to count CPU, a request: of the server, and of this process and the tool that it waits for. */
function cpuMsOf(program: Program, requests: number): () => Pick<Run, 'cpuMs' | 'toolMs'> {
  const server = program.cpuS
  const tool = ownCpuSecondsOf(process.pid)
  return () => ({
    cpuMs: ((program.cpuS - server) * 1_000) / requests,
    toolMs: ((ownCpuSecondsOf(process.pid) - tool) * 1_000) / requests,
  })
}

/** Where the tool takes most of the CPU, a rate says more about the tool than about the server. */
function toolNote(tool: string, runs: readonly DenseRun[]): string {
  return `${tool} itself takes ${median(runs.map(({ toolMs }) => toolMs)).toPrecision(3)} ms of CPU a request of ours`
}

function denseResultsOf(
  runs: Readonly<Record<'ours' | 'jina' | 'echo', readonly DenseRun[]>>,
): readonly Result[] {
  const ours = (key: keyof DenseRun): Figure => ({
    name: 'Millrace',
    values: runs.ours.map((run) => run[key]),
  })
  const figures = (key: keyof DenseRun): Pick<Result, 'ours' | 'peer'> => ({
    ours: ours(key),
    peer: { name: 'bare grpc-js echo', values: runs.echo.map((run) => run[key]) },
  })
  const note = toolNote('h2load', runs.ours)
  const by = '4 connections with 8 in flight each, by h2load'
  return [
    {
      ...{ row: '5c', what: `server CPU a unary request, ${by}`, unit: 'ms', relation: '≤' },
      ...figures('cpuMs'),
      ...{ must: 0.5, aim: 0.25 },
    },
    {
      ...{ row: '6c', what: `unary requests, ${by}`, unit: 'requests/s', relation: '≥' },
      ...figures('requestsPerS'),
      ...{ must: 1.8, aim: 3, note },
    },
    {
      ...{ row: '6d', what: `unary requests, ${by}`, unit: 'requests/s', relation: '≥' },
      ours: ours('requestsPerS'),
      peer: { name: 'Jina', values: runs.jina.map((run) => run.requestsPerS) },
      ...{ must: 20, aim: 30, note },
    },
  ]
}

type Runs = Readonly<Record<'ours' | 'jina' | 'echo', readonly Run[]>>

function resultsOf(busy: Runs, calm: Runs): readonly Result[] {
  const figures = (runs: Runs, key: keyof Run): Record<keyof Runs, Figure> => {
    const values = (name: keyof Runs): number[] => runs[name].map((run) => run[key])
    return {
      ours: { name: 'Millrace', values: values('ours') },
      jina: { name: 'Jina', values: values('jina') },
      echo: { name: 'bare grpc-js echo', values: values('echo') },
    }
  }
  const cpu = figures(busy, 'cpuMs')
  const rate = figures(busy, 'requestsPerS')
  const latency = figures(calm, 'p50Ms')
  const cpuRow = { what: 'server CPU a unary request, 32 in flight', unit: 'ms', relation: '≤' } as const
  const note = toolNote('ghz', busy.ours)
  const rateRow = { what: 'unary requests at 32 in flight', unit: 'requests/s', relation: '≥', note } as const
  return [
    { row: '5a', ...cpuRow, ours: cpu.ours, peer: cpu.jina, must: 1 / 8, aim: 1 / 12 },
    { row: '5b', ...cpuRow, ours: cpu.ours, peer: cpu.echo, must: 0.5, aim: 0.25 },
    { row: '6a', ...rateRow, ours: rate.ours, peer: rate.jina, must: 20, aim: 30 },
    { row: '6b', ...rateRow, ours: rate.ours, peer: rate.echo, must: 1.8, aim: 3 },
    {
      ...{ row: '7', what: 'p50 of sequential unary requests', unit: 'ms' },
      ...{ ours: latency.ours, peer: latency.jina, relation: '≤', must: 0.12, aim: 0.08 },
    },
  ]
}
