import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { connect as connectTcp, type Socket } from 'node:net'
import { afterEach } from 'vitest'
import { Budget } from '../../../budget/budget.js'
import type { Handler } from '../../../call/call.js'
import { systemClock } from '../../../lib/clock.js'
import { grpcListener, testLimits } from '../../fixture.suite.js'
import type { GrpcRules } from '../../grpc-rules.js'
import type { Serving } from '../../serving.js'
import { Listeners } from '../../listeners/listeners.js'
import type { LimitsSpec } from '../../limits.js'
import { ServingState } from '../../serving-state.js'

/** A gRPC server without stages; tests can inspect its budget. */
export interface ServerUnderTest {
  readonly server: Listeners
  readonly port: number
  readonly budget: Budget
  session(options?: object): Promise<ClientHttp2Session>
  socket(): Promise<Socket>
}

export interface ServerOptions {
  readonly handle?: Handler
  readonly limits?: Partial<LimitsSpec>
  readonly maxMessageBytes?: number
  readonly timeoutMs?: number
  readonly grpc?: GrpcRules
}

/** Starts servers for the tests of one file; everything they open is closed after each test. */
export function serversOfTests(): (options?: ServerOptions) => Promise<ServerUnderTest> {
  const closes: (() => Promise<void> | void)[] = []
  afterEach(async () => {
    for (const close of closes.splice(0).toReversed()) await close()
  })
  return async (options = {}) => {
    const serving = servingOf(options)
    const server = new Listeners([grpcListener(0)], serving, { clock: systemClock })
    closes.push(() => server.close({ graceMs: 0 }))
    const [port = 0] = await server.listen()
    return {
      server,
      port,
      budget: serving.budget,
      async session(settings = {}) {
        const session = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 1000, ...settings })
        closes.push(() => session.destroy())
        session.on('error', () => {})
        await once(session, 'remoteSettings')
        return session
      },
      async socket() {
        const socket = connectTcp(port, '127.0.0.1')
        closes.push(() => void socket.destroy())
        socket.on('error', () => {})
        await once(socket, 'connect')
        return socket
      },
    }
  }
}

function servingOf({ handle, limits, maxMessageBytes = 2 ** 26, timeoutMs, grpc }: ServerOptions): Serving {
  const complete = { ...testLimits, ...limits }
  return {
    handle: handle ?? (async (request) => request.answer()),
    isFull: () => false,
    describe: () => ({ endpoints: [], writeEndpoints: [], streamEndpoints: [], schemas: {} }),
    misdirected: () => null,
    state: new ServingState(),
    prefetch: 1000,
    maxMessageBytes,
    limits: complete,
    budget: new Budget(complete.maxBytes),
    timeoutMs: timeoutMs ?? null,
    grpc,
  }
}

export const paths = {
  unary: '/jina.JinaSingleDataRequestRPC/process_single_data',
  stream: '/jina.JinaRPC/Call',
  items: '/jina.JinaSingleDocumentRequestRPC/stream_doc',
  health: '/grpc.health.v1.Health/Check',
} as const

/** How a call ended: the status in headers or trailers, or the code of a reset. */
export interface Outcome {
  readonly headers: Readonly<Record<string, string>>
  readonly reset: number
}

export function open(
  session: ClientHttp2Session,
  path: string,
  headers: Record<string, string> = {},
): { readonly stream: ClientHttp2Stream; readonly outcome: Promise<Outcome> } {
  const stream = session.request(
    { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', ...headers },
    { endStream: false },
  )
  const all: Record<string, string> = {}
  const note = (more: object): void => void Object.assign(all, more)
  stream.on('response', note)
  stream.on('trailers', note)
  stream.on('error', () => {})
  const outcome = new Promise<Outcome>((resolve) => {
    stream.on('close', () => resolve({ headers: all, reset: stream.rstCode ?? 0 }))
  })
  return { stream, outcome }
}

/** Makes one whole call. */
export function post(
  session: ClientHttp2Session,
  path: string,
  {
    body = prefixed(new Uint8Array()),
    headers = {},
  }: { body?: Uint8Array; headers?: Record<string, string> } = {},
): Promise<Outcome> {
  const { stream, outcome } = open(session, path, headers)
  stream.resume()
  stream.end(body)
  return outcome
}

export function prefixed(bytes: Uint8Array, flag = 0): Buffer {
  const head = Buffer.alloc(5)
  head[0] = flag
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

export const frameTypes = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export interface RawFrame {
  readonly type: number
  readonly flags?: number
  readonly stream?: number
  readonly payload?: Uint8Array
}

/** A frame of HTTP/2 (RFC 9113, 4.1). */
export function raw({ type, flags = 0, stream = 0, payload = new Uint8Array() }: RawFrame): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** The first bytes of an HTTP/2 client. */
export const hello: Buffer = Buffer.concat([Buffer.from(preface), raw({ type: frameTypes.settings })])

export const flags = { endStream: 1, endHeaders: 4 } as const

/** Headers of a call as literals without indexing (RFC 7541, 6.2.2); names and values are short. */
export function headerBlock(path: string): Buffer {
  const headers = {
    ':method': 'POST',
    ':scheme': 'http',
    ':authority': 'here',
    ':path': path,
    'content-type': 'application/grpc',
  }
  return Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => [
      Buffer.of(0, name.length),
      Buffer.from(name),
      Buffer.of(value.length),
      Buffer.from(value),
    ]),
  )
}
