import { once } from 'node:events'
import { connect } from 'node:net'

import { interleave } from '../measure/interleave.js'
import { nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import { requestFile } from '../measure/request-file.js'
import type { CallerOptions, CallsReply } from '../programs/caller.js'
import type { FlowOptions, FlowReady } from '../programs/flow.js'
import type { RelayReady } from '../programs/relay.js'
import type { Row } from '../row.js'

const ROUNDS = 7
const BYTES = 1_000_000
const REQUESTS = 300
const IN_FLIGHT = 8

const flow: FlowOptions = { executor: 'no-op', stages: 1, replicas: 1, runtime: 'process' }

/** Calls of 1 MB through a gateway and a process replica, against a relay of the same bytes over the same hops. */
export const relay: Row = {
  rows: ['25'],
  needs: [],
  async measure() {
    const ours = await Program.start<FlowReady>(nodeProgram('flow', flow))
    const peer = await Program.start<RelayReady>(nodeProgram('relay', {}))
    const calls: CallerOptions = { port: ours.ready.port, request: requestFile(BYTES), by: 'connection' }
    const caller = (await Program.start(nodeProgram('caller', calls))).program
    try {
      const runs = {
        ours: () =>
          cpuMs(ours.program, () =>
            caller.ask<CallsReply>({ do: 'calls', requests: REQUESTS, inFlight: IN_FLIGHT }),
          ),
        relay: () => cpuMs(peer.program, () => relayed(peer.ready.port)),
      }
      await interleave(1, runs) // warm
      const values = await interleave(ROUNDS, runs)
      return [
        {
          ...{ row: '25', what: 'CPU of a call of 1 MB, gateway and process replica', unit: 'ms' },
          ours: { name: 'Millrace', values: values.ours },
          peer: { name: 'raw relay of the same bytes over the same hops', values: values.relay },
          ...{ relation: '≤', must: 1.5, aim: 1.2 },
        },
      ]
    } finally {
      for (const program of [caller, ours.program, peer.program]) await program.end()
    }
  },
}

/** CPU of the program and its children for each request. */
async function cpuMs(program: Program, load: () => Promise<unknown>): Promise<number> {
  const before = program.cpuS
  await load()
  return ((program.cpuS - before) * 1_000) / REQUESTS
}

/** Sends messages over one connection, as many at once as the calls, and waits until all have come back. */
async function relayed(port: number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  const message = Buffer.alloc(BYTES, 'x')
  let sent = 0
  let received = 0
  const send = (): void => {
    for (; sent < REQUESTS && sent * BYTES - received < IN_FLIGHT * BYTES; sent++) socket.write(message)
  }
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject).on('data', ({ length }: Buffer) => {
      received += length
      if (received === REQUESTS * BYTES) resolve()
      else send()
    })
    send()
  })
  socket.destroy()
}
