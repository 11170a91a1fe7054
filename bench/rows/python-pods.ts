import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ghz, writeProtoset } from '../measure/ghz.js'
import { interleave } from '../measure/interleave.js'
import { jinaProgram, nodeProgram, repositoryPath } from '../measure/peers.js'
import { type Command, Program } from '../measure/program.js'
import { requestFile, searchFile } from '../measure/request-file.js'
import type { YamlFlowOptions } from '../programs/yaml-flow.js'
import type { Result, Row } from '../row.js'

const ROUNDS = 7
const IN_FLIGHT = 32

interface Server {
  readonly program: Program
  readonly port: number
}

/** Of one round. */
interface Run {
  readonly requestsPerS: number
  /** Of all processes of the server, µs a request. */
  readonly cpuUs: number
}

interface Case {
  readonly row: string
  /** Number of the row of its CPU. */
  readonly cpuRow: string
  /** In test/interop/python-pods, whose tests compare the answers. */
  readonly file: string
  readonly what: string
  readonly request: string
  readonly requests: number
}

const cases = (): readonly Case[] => [
  {
    ...{ row: '42a', cpuRow: '42d', file: 'replicas.yml', what: 'a stage with 2 replicas, and another one' },
    ...{ request: requestFile(100), requests: 1500 },
  },
  {
    ...{ row: '42b', cpuRow: '42e', file: 'shards.yml', what: '2 shards, both asked' },
    ...{ request: searchFile(10), requests: 1500 },
  },
  {
    ...{ row: '42c', cpuRow: '42f', file: 'needs.yml', what: 'a stage, two branches and a join' },
    ...{ request: requestFile(100), requests: 800 },
  },
]

/** Flows of Jina in YAML with cheap Executors in Python, run by Jina and by Millrace. */
export const pythonPods: Row = {
  rows: ['42'],
  needs: ['jina', 'ghz', 'grpcurl'],
  async measure() {
    const base = mkdtempSync(path.join(tmpdir(), 'millrace-bench-'))
    process.env['BASE'] = base // the workspace of shards.yml
    try {
      const results: Result[] = []
      for (const one of cases()) results.push(...(await compare(one)))
      return results.toSorted((a, b) => (a.row < b.row ? -1 : 1))
    } finally {
      rmSync(base, { recursive: true, force: true })
    }
  },
}

async function compare(one: Case): Promise<readonly Result[]> {
  const file = repositoryPath(`test/interop/python-pods/${one.file}`)
  const python = repositoryPath('.cache/jina-env/bin/python')
  const servers: Server[] = []
  const serve = async (command: Command): Promise<Server> => {
    const { program, ready } = await Program.start<{ port: number }>(command)
    const server = { program, port: ready.port }
    servers.push(server)
    return server
  }
  try {
    const jina = await serve(jinaProgram('jina_yaml.py', { file }))
    const ours = await serve(nodeProgram('yaml-flow', { file, python } satisfies YamlFlowOptions))
    await writeProtoset(jina.port)
    const runs = { ours: () => load(ours, one), jina: () => load(jina, one) }
    await interleave(3, runs) // warm: the gateway is compiled
    return resultsOf(one, await interleave(ROUNDS, runs))
  } finally {
    for (const { program } of servers) await program.end()
  }
}

async function load({ program, port }: Server, { request, requests }: Case): Promise<Run> {
  const before = program.cpuS
  const { requestsPerS } = await ghz({ port, request, requests, inFlight: IN_FLIGHT })
  return { requestsPerS, cpuUs: ((program.cpuS - before) * 1e6) / requests }
}

function resultsOf(
  { row, cpuRow, what }: Case,
  { ours, jina }: Readonly<Record<'ours' | 'jina', Run[]>>,
): readonly Result[] {
  const figures = (key: keyof Run): Pick<Result, 'ours' | 'peer'> => ({
    ours: { name: 'Millrace', values: ours.map((run) => run[key]) },
    peer: { name: 'Jina', values: jina.map((run) => run[key]) },
  })
  const all = `Executors in Python, ${what}, ${IN_FLIGHT} in flight`
  return [
    { row, what: all, unit: 'requests/s', ...figures('requestsPerS'), relation: '≥', must: 2 },
    {
      ...{ row: cpuRow, what: `${all}: CPU of all processes a request`, unit: 'µs' },
      ...{ ...figures('cpuUs'), relation: '≤', must: 0.5 },
    },
  ]
}
