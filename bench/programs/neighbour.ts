import { readFileSync } from 'node:fs'
import { Client, credentials } from '@grpc/grpc-js'

import { commands, say } from './answers.js'

/**
 * Unary requests without a deadline, all at once or one after the other. Requests sent at once are reported when the
 * first twenty are answered, and with `rest` when all are.
 */
export type NeighbourCommand = NeighbourLoad | { readonly do: 'rest' }

export interface NeighbourLoad {
  readonly do: 'at-once' | 'in-turn'
  readonly port: number
  /** File with one serialised DataRequestProto. */
  readonly request: string
  readonly requests: number
  readonly connections: number
}

export interface NeighbourReply {
  /** Milliseconds of the answered requests. */
  readonly latencies: readonly number[]
  readonly refused: number
}

const asIs = (bytes: Buffer): Buffer => bytes

let rest: Promise<NeighbourReply> | undefined

say({})
for await (const command of commands<NeighbourCommand>()) {
  if (command.do === 'in-turn') say(await send(command))
  else if (command.do === 'rest') say((await rest) ?? {})
  else {
    await new Promise<void>((resolve) => {
      rest = send(command, resolve)
    })
    say({})
  }
}
say({})
process.exit(0)

async function send(command: NeighbourLoad, underWay: () => void = () => {}): Promise<NeighbourReply> {
  const { port, request, requests, connections } = command
  const clients = Array.from({ length: connections }, (_, index) => {
    const options = { 'bench.connection': index, 'grpc.use_local_subchannel_pool': 1 }
    return new Client(`127.0.0.1:${port}`, credentials.createInsecure(), options)
  })
  const bytes = readFileSync(request)
  const latencies: number[] = []
  let refused = 0
  const one = (index: number): Promise<void> => {
    const begun = performance.now()
    return new Promise((resolve) => {
      const path = '/jina.JinaSingleDataRequestRPC/process_single_data'
      clients[index % connections]!.makeUnaryRequest(path, asIs, asIs, bytes, (error) => {
        if (error === null) latencies.push(performance.now() - begun)
        else refused++
        if (latencies.length === 20) underWay()
        resolve()
      })
    })
  }
  if (command.do === 'at-once') await Promise.all(Array.from({ length: requests }, (_, index) => one(index)))
  else for (let index = 0; index < requests; index++) await one(index)
  for (const client of clients) client.close()
  return { latencies, refused }
}
