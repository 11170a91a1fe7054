import { readFileSync } from 'node:fs'
import { Client, credentials, type ServiceError } from '@grpc/grpc-js'

import { commands, say } from './answers.js'

/** Sends unary requests at a fixed rate, whether or not earlier ones were answered, unlike a closed loop. */
export interface OpenLoopCommand {
  readonly do: 'load'
  readonly port: number
  /** File with one serialised DataRequestProto. */
  readonly request: string
  readonly perSecond: number
  readonly seconds: number
  /** Deadline of each request, milliseconds; none when left out. */
  readonly timeoutMs?: number
}

export interface OpenLoopReply {
  readonly sent: number
  /** By gRPC status code: the number of requests, and percentiles of their latency in milliseconds. */
  readonly byCode: Readonly<Record<string, { count: number; p50Ms: number; p99Ms: number }>>
}

const connections = 8
const tickMs = 5
const asIs = (bytes: Buffer): Buffer => bytes

say({})
for await (const command of commands<OpenLoopCommand>()) say(await load(command))
say({})
process.exit(0)

async function load({
  port,
  request,
  perSecond,
  seconds,
  timeoutMs,
}: OpenLoopCommand): Promise<OpenLoopReply> {
  const clients = Array.from(
    { length: connections },
    (_, index) =>
      new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'bench.connection': index }),
  )
  const bytes = readFileSync(request)
  const latencies = new Map<number, number[]>()
  const open = new Set<Promise<void>>()
  const send = (index: number): Promise<void> => {
    const begun = performance.now()
    return new Promise((resolve) => {
      clients[index % connections]!.makeUnaryRequest(
        '/jina.JinaSingleDataRequestRPC/process_single_data',
        asIs,
        asIs,
        bytes,
        timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null) => {
          const code = error?.code ?? 0
          const told = latencies.get(code)
          if (told === undefined) latencies.set(code, [performance.now() - begun])
          else told.push(performance.now() - begun)
          resolve()
        },
      )
    })
  }
  let sent = 0
  const begun = performance.now()
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsed = Math.min((performance.now() - begun) / 1000, seconds)
      for (; sent < elapsed * perSecond; sent++) {
        const one = send(sent)
        open.add(one)
        void one.then(() => open.delete(one))
      }
      if (elapsed < seconds) return
      clearInterval(timer)
      resolve()
    }, tickMs)
  })
  await Promise.all(open)
  for (const client of clients) client.close()
  return { sent, byCode: Object.fromEntries([...latencies].map(([code, all]) => [code, summary(all)])) }
}

function summary(all: readonly number[]): { count: number; p50Ms: number; p99Ms: number } {
  const sorted = all.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
  return { count: all.length, p50Ms: at(0.5), p99Ms: at(0.99) }
}
