import * as grpc from '@grpc/grpc-js'
import { DataRequest } from '../../wire/data-request.js'
import { decodeRequestList } from '../../wire/request-list.js'
import { methods } from '../../grpc/methods.js'

/** One `Call` stream as the fake peer sees it. */
export interface FakeCall {
  readonly metadata: Record<string, string>
  /** Every request that arrived. */
  readonly requests: DataRequest[]
  answer(request: DataRequest): void
  /** Ends the stream, with a gRPC status if one is given. */
  end(status?: { readonly code: number; readonly details: string }): void
  readonly cancelled: Promise<void>
}

export interface FakePeerOptions {
  /** For each request of a `Call` stream; echoes by default. */
  onRequest?: (request: DataRequest, call: FakeCall) => void
  /** When the client has sent all; ends the stream by default. */
  onHalfClose?: (call: FakeCall) => void
  onSingle?: (request: DataRequest, metadata: Record<string, string>) => DataRequest | Promise<DataRequest>
  /** `process_data`; its request has a part for each request of the list. */
  onList?: (request: DataRequest) => DataRequest
  onStreamDoc?: (request: DataRequest) => AsyncIterable<DataRequest>
  dryRun?: () => Uint8Array
  describe?: () => Uint8Array
  /** `_status`. */
  status?: () => Uint8Array
}

export interface FakePeer {
  readonly port: number
  readonly calls: FakeCall[]
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A real gRPC server whose answers a test defines. Methods without an option are UNIMPLEMENTED, except `Call`. */
export async function startFakePeer(options: FakePeerOptions = {}, port = 0): Promise<FakePeer> {
  const server = new grpc.Server()
  const calls: FakeCall[] = []
  server.addService(definitions(options), {
    call: (stream: grpc.ServerDuplexStream<Buffer, Uint8Array>) => serveCall(stream, options, calls),
    processSingleData: (
      call: grpc.ServerUnaryCall<Buffer, Uint8Array>,
      done: grpc.sendUnaryData<Uint8Array>,
    ) => {
      const metadata = call.metadata.getMap() as Record<string, string>
      Promise.resolve(DataRequest.decode(call.request))
        .then((request) => options.onSingle!(request, metadata))
        .then(
          (answer) => done(null, answer.encode()),
          (error: grpc.StatusObject) => done(error),
        )
    },
    processData: (call: grpc.ServerUnaryCall<Buffer, Uint8Array>, done: grpc.sendUnaryData<Uint8Array>) =>
      done(null, options.onList!(decodeRequestList(call.request)).encode()),
    streamDoc: async (call: grpc.ServerWritableStream<Buffer, Uint8Array>) => {
      try {
        for await (const answer of options.onStreamDoc!(DataRequest.fromSingleDocument(call.request))) {
          if (call.cancelled) return
          call.write(Buffer.concat(answer.encodeSingleDocument()))
        }
        call.end()
      } catch (error) {
        call.emit('error', error)
      }
    },
    dryRun: (_call: unknown, done: grpc.sendUnaryData<Uint8Array>) => done(null, options.dryRun!()),
    endpointDiscovery: (_call: unknown, done: grpc.sendUnaryData<Uint8Array>) => {
      try {
        done(null, options.describe!())
      } catch (error) {
        done({ code: grpc.status.UNKNOWN, details: `Exception calling application: ${String(error)}` })
      }
    },
    status: (_call: unknown, done: grpc.sendUnaryData<Uint8Array>) => done(null, options.status!()),
  })
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, given) =>
      error === null ? resolve(given) : reject(error),
    )
  })
  const close = async (): Promise<void> => server.forceShutdown()
  return {
    port: bound,
    calls,
    close,
    [Symbol.asyncDispose]: close,
  }
}

function serveCall(
  stream: grpc.ServerDuplexStream<Buffer, Uint8Array>,
  options: FakePeerOptions,
  calls: FakeCall[],
): void {
  const call: FakeCall = {
    metadata: stream.metadata.getMap() as Record<string, string>,
    requests: [],
    answer: (request) => void stream.write(request.encode()),
    end: (status) => void (status === undefined ? stream.end() : stream.emit('error', status)),
    cancelled: new Promise((resolve) => stream.once('cancelled', () => resolve())),
  }
  calls.push(call)
  stream.on('data', (bytes: Buffer) => {
    const request = DataRequest.decode(bytes)
    call.requests.push(request)
    if (options.onRequest === undefined) call.answer(request)
    else options.onRequest(request, call)
  })
  stream.on('end', () => (options.onHalfClose === undefined ? call.end() : options.onHalfClose(call)))
  stream.on('error', () => {})
}

function definitions(options: FakePeerOptions): grpc.ServiceDefinition {
  const serve = {
    call: true,
    processSingleData: options.onSingle !== undefined,
    processData: options.onList !== undefined,
    streamDoc: options.onStreamDoc !== undefined,
    dryRun: options.dryRun !== undefined,
    endpointDiscovery: options.describe !== undefined,
    status: options.status !== undefined,
  }
  const entries = Object.entries(methods).filter(([name]) => serve[name as keyof typeof serve])
  return Object.fromEntries(
    entries.map(([name, path]) => [
      name,
      {
        path,
        requestStream: name === 'call',
        responseStream: name === 'call' || name === 'streamDoc',
        requestSerialize: keep,
        requestDeserialize: keep,
        responseSerialize: (bytes: Uint8Array) =>
          Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        responseDeserialize: keep,
      },
    ]),
  )
}

function keep(bytes: Buffer): Buffer {
  return bytes
}
