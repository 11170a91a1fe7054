import { interleave } from '../measure/interleave.js'
import { nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import { requestFile } from '../measure/request-file.js'
import type { CallerOptions, CallsReply } from '../programs/caller.js'
import type { FlowOptions, FlowReady } from '../programs/flow.js'
import type { Result, Row } from '../row.js'

const ROUNDS = 5
const REQUESTS = 20_000

const flow: FlowOptions = { executor: 'no-op', stages: 1, replicas: 1, runtime: 'process' }

/** Unary calls from Node, 32 in flight over one connection: CPU of the caller, and of both ends of a hop. */
export const calls: Row = {
  rows: ['23', '24'],
  needs: [],
  async measure() {
    return [await againstGrpcJs('23a', 100), await againstGrpcJs('23b', 1_000), await hop()]
  },
}

async function againstGrpcJs(row: string, textBytes: number): Promise<Result> {
  const echo = await Program.start<{ readonly port: number }>(nodeProgram('echo', {}))
  const request = requestFile(textBytes)
  const ours = await start({ port: echo.ready.port, request, by: 'connection' })
  const theirs = await start({ port: echo.ready.port, request, by: 'grpc-js' })
  try {
    const runs = { ours: () => cpuUs(ours), theirs: () => cpuUs(theirs) }
    await interleave(1, runs) // warm
    const values = await interleave(ROUNDS, runs)
    return {
      ...{ row, what: `caller's CPU a unary call of ${textBytes} bytes, 32 in flight`, unit: 'µs' },
      ours: { name: 'Millrace', values: values.ours },
      peer: { name: 'grpc-js', values: values.theirs },
      ...{ relation: '≤', must: 0.2 },
    }
  } finally {
    for (const program of [ours, theirs, echo.program]) await program.end()
  }
}

async function hop(): Promise<Result> {
  const served = await Program.start<FlowReady>(nodeProgram('flow', flow))
  const caller = await start({ port: served.ready.port, request: requestFile(100), by: 'hop' })
  const bothUs = async (): Promise<number> => {
    const before = served.program.cpuS
    const us = await cpuUs(caller)
    return us + ((served.program.cpuS - before) * 1_000_000) / REQUESTS
  }
  try {
    const runs = { both: bothUs }
    await interleave(1, runs) // warm
    const { both } = await interleave(ROUNDS, runs)
    return {
      ...{ row: '24', what: 'a hop over gRPC to a stage elsewhere, CPU of both ends', unit: 'µs' },
      ours: { name: 'Millrace', values: both },
      ...{ relation: '≤', must: 60, aim: 30 },
      note: 'the end that serves includes its gateway and its process',
    }
  } finally {
    for (const program of [caller, served.program]) await program.end()
  }
}

async function start(options: CallerOptions): Promise<Program> {
  return (await Program.start(nodeProgram('caller', options))).program
}

async function cpuUs(caller: Program): Promise<number> {
  const { cpuS } = await caller.ask<CallsReply>({ do: 'calls', requests: REQUESTS, inFlight: 32 })
  return (cpuS * 1_000_000) / REQUESTS
}
