import { readFileSync } from 'node:fs'
import { httpLoad } from '../measure/http-load.js'
import { interleave } from '../measure/interleave.js'
import { jsonBody, textDocuments } from '../measure/json-body.js'
import { nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import { requests as requestsOf } from '../measure/request-file.js'
import { webSocketLoad } from '../measure/websocket-load.js'
import type { FlowOptions } from '../programs/flow.js'
import type { IdleOptions } from '../programs/idle-connections.js'
import type { Result, Row } from '../row.js'

const ROUNDS = 5
const CONNECTIONS = 5000
/** What each program opens besides. */
const OTHER_FILES = 500

type Kind = IdleOptions['kind']

/** Of one round: memory of a connection in KB, and times of a request in µs, as others see them. */
interface Run {
  readonly memory: number
  readonly withIdle: Times
  readonly without: Times
}

interface Times {
  /** Wall time by the number of requests, with 32 in flight. */
  readonly busy: number
  /** One after the other. */
  readonly alone: number
}

/** What 5,000 connections that do nothing cost: memory, and time of the requests of others. */
export const idleConnections: Row = {
  rows: ['36'],
  needs: ['h2load'],
  async measure() {
    checkFiles()
    const { sockets, keepAlive } = await interleave(ROUNDS, {
      sockets: () => run('websocket'),
      keepAlive: () => run('keep-alive'),
    })
    return [
      ...lines(['36a', '36b', '36c'], 'WebSockets', { runs: sockets, reservedKb: 48 * 1.024 }),
      ...lines(['36d', '36e', '36f'], 'HTTP connections', { runs: keepAlive, reservedKb: 24 * 1.024 }),
    ]
  },
}

/** Node raises its limit to the hard one at its start. @throws Error when that is too low */
function checkFiles(): void {
  const hard = /^Max open files\s+\d+\s+(\w+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  if (hard === 'unlimited' || Number(hard) >= CONNECTIONS + OTHER_FILES) return
  throw new Error(
    `this row opens ${CONNECTIONS} connections, and a process may open ${hard} files: raise the limit (ulimit -Hn ${CONNECTIONS + OTHER_FILES}, as root)`,
  )
}

async function run(kind: Kind): Promise<Run> {
  const flow: FlowOptions = {
    ...{ executor: 'no-op', stages: 1, replicas: 1, runtime: 'process' },
    ...{ protocols: ['grpc', 'http', 'websocket'], maxConnections: CONNECTIONS + OTHER_FILES },
  }
  const { program, ready } = await Program.start<{ port: number }>(nodeProgram('flow', flow))
  try {
    await timesOf(kind, ready.port) // warms up
    const before = await timesOf(kind, ready.port)
    const bytes = program.pssBytes
    const idle = await Program.start(
      nodeProgram('idle-connections', {
        port: ready.port,
        kind,
        connections: CONNECTIONS,
      } satisfies IdleOptions),
    )
    const memory = (program.pssBytes - bytes) / CONNECTIONS / 1000
    const withIdle = await timesOf(kind, ready.port)
    const { lost } = await idle.program.ask<{ lost: number }>({ do: 'count' })
    await idle.program.end()
    if (lost > 0) throw new Error(`the gateway closed ${lost} idle connections`)
    const after = await timesOf(kind, ready.port)
    const without = { busy: (before.busy + after.busy) / 2, alone: (before.alone + after.alone) / 2 }
    return { memory, withIdle, without }
  } finally {
    await program.end()
  }
}

/** By a client of the same protocol. */
async function timesOf(kind: Kind, port: number): Promise<Times> {
  if (kind === 'websocket') {
    const messages = requestsOf(64, 1, 100)
    const of = async (requests: number, inFlight: number): Promise<number> =>
      1e6 / (await webSocketLoad({ port, messages, requests, inFlight }))
    return { busy: await of(12_000, 32), alone: await of(2000, 1) }
  }
  const body = jsonBody('one-text', textDocuments(1, 100))
  const of = async (requests: number, connections: number): Promise<number> =>
    1e6 / (await httpLoad({ port, body, requests, connections }))
  return { busy: await of(8000, 32), alone: await of(2000, 1) }
}

function lines(
  [memory, busy, alone]: readonly [string, string, string],
  what: string,
  { runs, reservedKb }: { readonly runs: readonly Run[]; readonly reservedKb: number },
): readonly Result[] {
  const time = (row: string, how: string, key: keyof Times): Result => ({
    ...{ row, what: `time of a request of others beside 5,000 idle ${what}, ${how}`, unit: 'µs' },
    ours: { name: 'with them', values: runs.map(({ withIdle }) => withIdle[key]) },
    peer: { name: 'without', values: runs.map(({ without }) => without[key]) },
    ...{ relation: '≤', must: 1.3 },
  })
  return [
    {
      ...{ row: memory, what: `memory of the gateway, for each of 5,000 idle ${what}`, unit: 'KB' },
      ours: { name: 'Millrace', values: runs.map((one) => one.memory) },
      ...{ relation: '≤', must: reservedKb },
      note: 'the target is what the gateway reserves for one in its budget',
    },
    time(busy, '32 in flight', 'busy'),
    time(alone, 'one after the other', 'alone'),
  ]
}
