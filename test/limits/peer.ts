import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2'
import { connect as connectTcp, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

export const unary = '/jina.JinaSingleDataRequestRPC/process_single_data'
export const call = '/jina.JinaRPC/Call'

/** The Flow that is attacked, in a process of its own. */
export interface Target {
  readonly port: number
  readonly child: ChildProcess
  /** Process id of the external server. */
  readonly external: number | undefined
  session(options?: object): Promise<ClientHttp2Session>
  socket(): Promise<Socket>
}

/** Ends of calls and connections, by what the client saw. */
export const outcomes = new Map<string, number>()

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A message with its gRPC prefix. */
export function framed(bytes: Uint8Array, compressed = false): Buffer {
  const head = Buffer.alloc(5)
  head[0] = compressed ? 1 : 0
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

export function open(session: ClientHttp2Session, path: string, headers: object = {}): ClientHttp2Stream {
  const stream = session.request(
    { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers },
    { endStream: false },
  )
  stream.on('error', () => {})
  return stream
}

export function note(outcome: string): void {
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
}

export function watch(stream: ClientHttp2Stream): void {
  let status: string | undefined
  const look = (headers: IncomingHttpHeaders): void => {
    if (headers['grpc-status'] !== undefined)
      status = `grpc ${headers['grpc-status'].toString()} ${decodeURI(
        headers['grpc-message']?.toString() ?? '',
      )
        .replaceAll(/\d+/g, 'N')
        .slice(0, 150)}`
  }
  stream.on('response', look)
  stream.on('trailers', look)
  stream.on('close', () => note(status ?? `reset ${stream.rstCode}`))
}

export const sockets = new WeakMap<ClientHttp2Session, Socket>()
export const opened: (() => void)[] = []

export async function start(flow: object, server?: Target): Promise<Target> {
  const program = fileURLToPath(new URL('./target.mjs', import.meta.url))
  const child = spawn(
    process.execPath,
    [
      ...(process.env.NODE_FLAGS?.split(' ') ?? []),
      program,
      JSON.stringify(server === undefined ? flow : { ...flow, external: server.port }),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(String(line))
  return {
    port,
    child,
    external: server?.child.pid,
    async session(options = {}) {
      const socket = connectTcp(port, '127.0.0.1')
      const session = connect(`http://127.0.0.1:${port}`, {
        createConnection: () => socket,
        maxSessionMemory: 100_000,
        ...options,
      })
      sockets.set(session, socket)
      session.on('error', () => note('session error'))
      session.on('goaway', (code) => note(`goaway ${code}`))
      opened.push(() => session.destroy())
      await once(session, 'connect')
      return session
    },
    async socket() {
      const socket = connectTcp(port, '127.0.0.1')
      socket.on('error', () => {})
      opened.push(() => socket.destroy())
      await once(socket, 'connect')
      return socket
    },
  }
}
