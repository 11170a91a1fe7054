import { nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import { requestFile } from '../measure/request-file.js'
import { median } from '../measure/statistics.js'
import type { NeighbourLoad, NeighbourReply } from '../programs/neighbour.js'
import type { FlowOptions } from '../programs/flow.js'
import type { Result, Row } from '../row.js'

/** Latencies of the sequential client. */
const MINE = 40

interface Beside {
  readonly row: string
  readonly theirs: number
  readonly connections: number
  readonly flow: Pick<FlowOptions, 'executor' | 'replicas' | 'maxConcurrency'>
  readonly what: string
}

const besides: readonly Beside[] = [
  {
    ...{ row: '22a', theirs: 1000, connections: 1 },
    flow: { executor: 'waiting', replicas: 1 },
    what: '1,000 of another client, a replica that blocks for 20 ms',
  },
  {
    ...{ row: '22b', theirs: 4000, connections: 20 },
    flow: { executor: 'waiting', replicas: 2 },
    what: '4,000 over 20 connections, two such replicas',
  },
  {
    ...{ row: '22c', theirs: 1000, connections: 1 },
    flow: { executor: 'pacing', replicas: 1, maxConcurrency: 1 },
    what: '1,000 of another client, a replica that waits 20 ms, one at a time',
  },
]

/** Delay of one client's requests while another has thousands waiting, in multiples of the duration of one request. */
export const fairness: Row = {
  rows: ['22'],
  needs: [],
  async measure() {
    const results: Result[] = []
    for (const beside of besides) results.push(await resultOf(beside))
    return results
  },
}

async function resultOf({ row, theirs, connections, flow, what }: Beside): Promise<Result> {
  const options: FlowOptions = { ...flow, stages: 1, runtime: 'process' }
  const { program, ready } = await Program.start<{ port: number }>(nodeProgram('flow', options))
  const [mine, other] = [
    (await Program.start(nodeProgram('neighbour', {}))).program,
    (await Program.start(nodeProgram('neighbour', {}))).program,
  ]
  const common = { port: ready.port, request: requestFile(100) }
  const inTurn: NeighbourLoad = { do: 'in-turn', ...common, requests: MINE, connections: 1 }
  try {
    const alone = await mine.ask<NeighbourReply>(inTurn)
    await other.ask({ do: 'at-once', ...common, requests: theirs, connections })
    const { latencies, refused } = await mine.ask<NeighbourReply>(inTurn)
    const { latencies: answered } = await other.ask<NeighbourReply>({ do: 'rest' })
    const one = median(alone.latencies)
    return {
      ...{ row, what: `delay beside ${what}, p50`, unit: 'times of one request' },
      ours: { name: 'mine', values: [(median(latencies) - one) / one] },
      ...{ relation: '≤', must: 2 },
      note: `${answered.length} of theirs answered, ${refused} of mine refused`,
    }
  } finally {
    await Promise.all([program.end(), mine.end(), other.end()])
  }
}
