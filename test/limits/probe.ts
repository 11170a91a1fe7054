// Another client of the attacked Flow, in a process of its own: one request after the other to the health service, which
// needs no replica. `probe.ts PORT`; when its standard input ends it prints its latencies in ms and what failed.
import { connect, type IncomingHttpHeaders } from 'node:http2'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { framed, open, pause } from './peer.js'

export interface Probed {
  /** Milliseconds, sorted. */
  readonly latencies: readonly number[]
  /** The longest time, in ms, for which this process itself did not run. */
  readonly ownDelay: number
  readonly failures: readonly (readonly [status: string, count: number])[]
}

const session = connect(`http://127.0.0.1:${process.argv[2]}`)
session.on('error', () => {})
const own = monitorEventLoopDelay({ resolution: 2 })
own.enable()
let over = false
process.stdin.once('end', () => (over = true)).resume()
const latencies: number[] = []
const failures = new Map<string, number>()
while (!over) {
  const began = performance.now()
  const status = await health()
  latencies.push(performance.now() - began)
  if (status !== '0') failures.set(status, (failures.get(status) ?? 0) + 1)
  await pause(5)
}
latencies.sort((a, b) => a - b)
const probed: Probed = { latencies, ownDelay: own.max / 1e6, failures: [...failures] }
process.stdout.write(`${JSON.stringify(probed)}\n`, () => process.exit(0))

function health(): Promise<string> {
  return new Promise((resolve) => {
    const stream = open(session, '/grpc.health.v1.Health/Check')
    let status = ''
    const look = (headers: IncomingHttpHeaders): void =>
      void (status = headers['grpc-status']?.toString() ?? status)
    stream.on('response', look)
    stream.on('trailers', look)
    stream.on('close', () => resolve(status))
    stream.resume()
    stream.end(framed(new Uint8Array()))
  })
}
