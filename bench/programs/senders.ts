import { readFileSync } from 'node:fs'
import { GrpcConnection } from '../../src/grpc/client/connection.js'
import { methods } from '../../src/grpc/methods.js'
import { commands, options, say } from './answers.js'

export interface SendersOptions {
  readonly port: number
  /** File with one serialised DataRequestProto. */
  readonly request: string
}

/** A closed loop: each sender sends its next request when the last one is answered. */
export interface SendersCommand {
  readonly do: 'send'
  readonly senders: number
  readonly requests: number
}

export interface SendersReply {
  readonly perS: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const { port, request } = options<SendersOptions>()
const bytes = readFileSync(request)
const connection = new GrpcConnection({ host: '127.0.0.1', port, tls: false, maxMessageBytes: 64 << 20 })
const unlimited = { deadline: Number.POSITIVE_INFINITY, headers: {} }

say({})
for await (const { senders, requests } of commands<SendersCommand>()) {
  const latencies: number[] = []
  let left = requests
  const sender = async (): Promise<void> => {
    while (left-- > 0) {
      const begun = performance.now()
      await connection.unary(methods.processSingleData, bytes, unlimited)
      latencies.push(performance.now() - begun)
    }
  }
  const begun = performance.now()
  await Promise.all(Array.from({ length: senders }, sender))
  const wallMs = performance.now() - begun
  latencies.sort((one, other) => one - other)
  const percentile = (share: number): number => latencies[Math.floor(share * (latencies.length - 1))]!
  say({
    perS: (requests / wallMs) * 1000,
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
  } satisfies SendersReply)
}
say({})
process.exit()
