import { readFileSync } from 'node:fs'
import { Client, credentials } from '@grpc/grpc-js'
import { Scope } from '../../src/call/scope.js'
import { GrpcConnection } from '../../src/grpc/client/connection.js'
import { methods } from '../../src/grpc/methods.js'
import { dialGrpc } from '../../src/transport/grpc/channel.js'
import { DataRequest } from '../../src/wire/data-request.js'
import { commands, options, say } from './answers.js'

export interface CallerOptions {
  readonly port: number
  /** Path of the request. */
  readonly request: string
  /** Our gRPC client, grpc-js, or a gateway's hop to a server elsewhere, which decodes and encodes the request. */
  readonly by: 'connection' | 'grpc-js' | 'hop'
}

export interface CallsCommand {
  readonly do: 'calls'
  readonly requests: number
  readonly inFlight: number
}

export interface CallsReply {
  readonly cpuS: number
}

const { port, request, by } = options<CallerOptions>()
const bytes = readFileSync(request)
const call = await caller()

say({})
for await (const { requests, inFlight } of commands<CallsCommand>()) {
  const before = process.cpuUsage()
  let left = requests
  const one = async (): Promise<void> => {
    while (left-- > 0) await call()
  }
  await Promise.all(Array.from({ length: inFlight }, one))
  const { user, system } = process.cpuUsage(before)
  say({ cpuS: (user + system) / 1_000_000 } satisfies CallsReply)
}
say({})
process.exit()

async function caller(): Promise<() => Promise<unknown>> {
  switch (by) {
    case 'connection': {
      const peer = { host: '127.0.0.1', port, tls: false, maxMessageBytes: 64 << 20 }
      const connection = new GrpcConnection(peer)
      const unlimited = { deadline: Number.POSITIVE_INFINITY, headers: {} }
      return () => connection.unary(methods.processSingleData, bytes, unlimited)
    }
    case 'grpc-js': {
      const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
      const asIs = (message: Buffer): Buffer => message
      return () =>
        new Promise((resolve, reject) => {
          client.makeUnaryRequest(methods.processSingleData, asIs, asIs, bytes, (error, answer) =>
            error === null ? resolve(answer) : reject(error),
          )
        })
    }
    case 'hop': {
      const channel = await dialGrpc({ kind: 'grpc', host: '127.0.0.1', port, tls: false })
      return () => channel.handle(DataRequest.decode(bytes), new Scope(Number.POSITIVE_INFINITY, {}))
    }
  }
}
