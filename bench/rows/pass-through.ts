import { ensureProtoset, ghz } from '../measure/ghz.js'
import { interleave } from '../measure/interleave.js'
import { nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import { requestFile } from '../measure/request-file.js'
import type { FlowOptions, FlowReady } from '../programs/flow.js'
import type { Result, Row } from '../row.js'

const ROUNDS = 5
const SMALL = { bytes: 1_000, requests: 4_000 }
const LARGE = { bytes: 1_000_000, requests: 300 }

/** Cost of a passed-through request in the gateway, by size: CPU of its process, without pods. */
export const passThrough: Row = {
  rows: ['10'],
  needs: ['jina', 'ghz', 'grpcurl'],
  async measure() {
    await ensureProtoset()
    return [
      await measureWith('10', 'process', 'through a process replica'),
      await measureWith('10b', 'thread', 'through a thread replica, whose CPU is included'),
    ]
  },
}

async function measureWith(row: string, runtime: 'process' | 'thread', how: string): Promise<Result> {
  const flow: FlowOptions = { executor: 'no-op', stages: 1, replicas: 1, runtime }
  const { program, ready } = await Program.start<FlowReady>(nodeProgram('flow', flow))
  const cpuMs = async ({ bytes, requests }: typeof SMALL): Promise<number> => {
    const before = program.ownCpuS
    await ghz({ port: ready.port, request: requestFile(bytes), requests, inFlight: 8 })
    return ((program.ownCpuS - before) * 1_000) / requests
  }
  try {
    const runs = { small: () => cpuMs(SMALL), large: () => cpuMs(LARGE) }
    await interleave(1, runs) // warm
    const { small, large } = await interleave(ROUNDS, runs)
    return {
      ...{ row, what: `gateway CPU a request, 1 MB against 1 KB, ${how}`, unit: 'ms' },
      ours: { name: '1 MB', values: large },
      peer: { name: '1 KB', values: small },
      ...{ relation: '≤', must: 3 },
    }
  } finally {
    await program.end()
  }
}
