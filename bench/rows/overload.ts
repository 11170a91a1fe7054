import { nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import { requestFile } from '../measure/request-file.js'
import type { FlowOptions, FlowReady } from '../programs/flow.js'
import type { OpenLoopReply } from '../programs/open-loop.js'
import type { Result, Row } from '../row.js'

const SECONDS = 60
const REPLICAS = 2
/** The handler takes 20 ms, one request after the other. */
const CAPACITY = (REPLICAS * 1000) / 20
const TIMEOUT_MS = 2000
const OK = '0'
const RESOURCE_EXHAUSTED = '8'

/** Five times the capacity of a stage for a minute, from clients with a deadline of two seconds, and without deadlines. */
export const overload: Row = {
  rows: ['17'],
  needs: [],
  async measure() {
    const options: FlowOptions = {
      ...{ executor: 'pacing', stages: 1, replicas: REPLICAS, runtime: 'process', maxConcurrency: 1 },
    }
    const flow = await Program.start<FlowReady>(nodeProgram('flow', options))
    const client = await Program.start(nodeProgram('open-loop', {}))
    const load = { do: 'load', port: flow.ready.port, request: requestFile(10_000) }
    const memory: number[] = []
    const sampler = setInterval(() => memory.push(flow.program.pssBytes / 1e6), 1000)
    try {
      // its capacity: what it answers when it gets slightly more requests than that
      const calm = await client.program.ask<OpenLoopReply>({
        ...load,
        ...{ perSecond: CAPACITY * 0.95, seconds: 10, timeoutMs: TIMEOUT_MS },
      })
      memory.length = 0
      const { byCode } = await client.program.ask<OpenLoopReply>({
        ...load,
        ...{ perSecond: CAPACITY * 5, seconds: SECONDS, timeoutMs: TIMEOUT_MS },
      })
      console.log(`     under overload, by gRPC status: ${JSON.stringify(byCode)}`)
      const samples = memory.splice(0)
      const patient = await client.program.ask<OpenLoopReply>({
        ...load,
        ...{ perSecond: CAPACITY * 5, seconds: SECONDS },
      })
      console.log(`     without deadlines: ${JSON.stringify(patient.byCode)}`)
      const sustained = (calm.byCode[OK]?.count ?? 0) / 10 / 0.95
      return resultsOf({
        goodput: (byCode[OK]?.count ?? 0) / SECONDS,
        sustained,
        refusalMs: byCode[RESOURCE_EXHAUSTED]?.p99Ms ?? 0,
        early: Math.max(...samples.slice(0, samples.length / 2)),
        late: Math.max(...samples.slice(samples.length / 2)),
        patientGoodput: (patient.byCode[OK]?.count ?? 0) / SECONDS,
        patientMs: patient.byCode[OK]?.p50Ms ?? 0,
      })
    } finally {
      clearInterval(sampler)
      await Promise.all([flow.program.end(), client.program.end()])
    }
  },
}

interface Measured {
  readonly goodput: number
  readonly sustained: number
  readonly refusalMs: number
  readonly early: number
  readonly late: number
  readonly patientGoodput: number
  readonly patientMs: number
}

function resultsOf(measured: Measured): readonly Result[] {
  const { goodput, sustained, refusalMs, early, late, patientGoodput, patientMs } = measured
  return [
    {
      ...{ row: '17a', what: 'five times overload for 60 s: answered in time', unit: 'requests/s' },
      ours: { name: 'under overload', values: [goodput] },
      peer: { name: 'just below capacity, scaled to it', values: [sustained] },
      ...{ relation: '≥', must: 0.9 },
    },
    {
      ...{ row: '17b', what: 'five times overload: p99 until a refused request is told', unit: 'ms' },
      ours: { name: 'refusal', values: [refusalMs] },
      ...{ relation: '≤', must: 50 },
    },
    {
      ...{ row: '17c', what: 'five times overload: most memory of the whole tree', unit: 'MB' },
      ours: { name: 'in the second half', values: [late] },
      peer: { name: 'in the first half', values: [early] },
      ...{ relation: '≤', must: 1.1 },
    },
    {
      ...{ row: '17d', what: 'the same without deadlines: answered', unit: 'requests/s' },
      ours: { name: 'under overload', values: [patientGoodput] },
      peer: { name: 'just below capacity, scaled to it', values: [sustained] },
      ...{ relation: '≥', must: 0.9 },
    },
    {
      ...{ row: '17e', what: 'the same without deadlines: p50 of an answer', unit: 'ms' },
      ours: { name: 'answered', values: [patientMs] },
      ...{ relation: '≤', must: 5000 },
    },
  ]
}
