// Invariants
// 1. Only this user can reach a Flow: its folder has mode 0700 and was verified, the socket has mode 0600.
// 2. The server does not keep the program alive, and its failures neither stop nor delay the Flow.
// 3. After `close()` was called no command reaches the Flow, and the socket file is removed.
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { MillraceError } from '../errors.js'
import { offProcess, onProcess } from '../lib/process-events.js'
import { createLogger } from '../observe/logger.js'
import { commands } from './commands.js'
import type { Controlled } from './controlled.js'
import { readBody } from './body.js'
import { parseLogQuery } from './log-question.js'
import { LogStreams } from './log-streams.js'
import { controlFolder } from './folder.js'
import { isListening } from './probe.js'
import { type Reply, refuse } from './reply.js'
import { socketName } from './socket-name.js'
import { reasonOf } from '../lib/reason.js'

/** Largest request body, in bytes. */
const maxBodyBytes = 1024 * 1024

/** Connections of the user's own tools; a client that hangs must not exhaust the Flow's file descriptors. */
const maxConnections = 32

const limits = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 2000,
}

const logPath = '/logs'

/** Maximum number of Flows with the same name in one program. */
const mostTurns = 64

/** An open control socket. */
export interface ControlServer {
  /** Path of its socket. */
  readonly path: string
  /**
   * Removes the socket and refuses new commands. Commands in progress may be answered until `until` has settled; then the
   * promise resolves. Idempotent, never rejects.
   */
  close(options: { readonly until: Promise<unknown> }): Promise<void>
}

/**
 * Lets the user's other programs read the status of this Flow and scale it: HTTP on a Unix socket `NAME-PID.sock` that only
 * this user may open. Never rejects; resolves with null, and logs why, when the socket cannot be opened.
 *
 * @example curl --unix-socket $XDG_RUNTIME_DIR/millrace/flow-4711.sock http://flow/status
 */
export async function openControl(flow: Controlled, name: string): Promise<ControlServer | null> {
  try {
    return await listen(flow, name, controlFolder())
  } catch (error) {
    const reason = reasonOf(error)
    createLogger(name).warn(
      `'millrace ps', 'millrace scale' and 'millrace logs' will not find this Flow: ${reason} The Flow runs on; control: false asks for no socket.`,
    )
    return null
  }
}

/** Listens in a verified folder. Rejects with the system's error. */
export async function listen(flow: Controlled, name: string, folder: string): Promise<ControlServer> {
  const gate = { open: true }
  const streams = new LogStreams()
  const server = createServer(limits, (request, response) => {
    if (request.method === 'GET' && pathOf(request) === logPath)
      sendLog(request, response, { flow, gate, streams })
    else void answer(request, flow, gate).then((reply) => send(response, reply))
  })
  server.maxConnections = maxConnections
  server.unref()
  server.on('connection', (socket) => socket.unref())
  const path = await bind(server, folder, name)
  chmodSync(path, 0o600)
  server.on('error', () => {}) // accept() failed (out of file descriptors): the client sees it
  const remove = (): void => rmSync(path, { force: true })
  onProcess('exit', remove)
  let closed: Promise<void> | undefined
  return {
    path,
    close({ until }) {
      gate.open = false
      closed ??= end(server, streams, until)
      remove()
      offProcess('exit', remove)
      return closed
    },
  }
}

async function bind(server: Server, folder: string, name: string): Promise<string> {
  for (let turn = 1; turn <= mostTurns; turn++) {
    const path = join(folder, socketName(name, process.pid, turn))
    if (await tryBind(server, path)) return path
    if (await isListening(path)) continue
    // left behind by a killed program with the same process id
    rmSync(path, { force: true })
    if (await tryBind(server, path)) return path
  }
  throw new MillraceError('RESOURCE_EXHAUSTED', `${mostTurns} Flows '${name}' run in this program already.`)
}

/** False when the path is in use. */
function tryBind(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const settle = (error?: NodeJS.ErrnoException | null): void => {
      server.off('error', settle)
      server.off('listening', settle)
      // Bun passes null to `listening`
      if (error === undefined || error === null) resolve(true)
      else if (error.code === 'EADDRINUSE') resolve(false)
      else reject(error)
    }
    server.once('error', settle)
    server.once('listening', settle)
    // exclusive: otherwise a worker of node:cluster would pass the socket to its primary
    server.listen({ path, exclusive: true })
  })
}

async function end(server: Server, streams: LogStreams, until: Promise<unknown>): Promise<void> {
  server.close()
  await until.catch(() => {})
  streams.end()
  // first write the answers that became available together with `until`
  await new Promise((resolve) => setImmediate(resolve))
  server.closeAllConnections()
}

/** Never rejects. */
async function answer(
  request: IncomingMessage,
  flow: Controlled,
  gate: { readonly open: boolean },
): Promise<Reply> {
  const path = pathOf(request)
  const command = commands.get(path)
  if (command === undefined) {
    const message = `There is no ${path.slice(0, 80)}. There are ${[...commands.keys(), logPath].join(', ')}.`
    return refuse(new MillraceError('NOT_FOUND', message))
  }
  const { method } = command
  if (request.method !== method) {
    const error = new MillraceError('UNSUPPORTED', `${path} takes ${method}, not ${request.method}.`)
    return refuse(error, 405, { allow: method })
  }
  try {
    const body = method === 'GET' ? '' : await readBody(request, maxBodyBytes)
    if (body === null) {
      const error = new MillraceError('RESOURCE_EXHAUSTED', `The body is longer than ${maxBodyBytes} bytes.`)
      return refuse(error, 413)
    }
    if (!gate.open) throw new MillraceError('NOT_STARTED', 'This Flow is closing.')
    return { status: 200, body: await command.run(flow, body) }
  } catch (error) {
    return refuse(error)
  }
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0]!
}

interface LogTools {
  readonly flow: Controlled
  readonly gate: { readonly open: boolean }
  readonly streams: LogStreams
}

/** Answers with lines of text instead of JSON, and for as long as the Flow runs when they are followed. */
function sendLog(
  request: IncomingMessage,
  response: ServerResponse,
  { flow, gate, streams }: LogTools,
): void {
  try {
    if (!gate.open) throw new MillraceError('NOT_STARTED', 'This Flow is closing.')
    const question = parseLogQuery((request.url ?? '').slice(logPath.length + 1))
    streams.send(response, flow.logs(question), question)
  } catch (error) {
    send(response, refuse(error))
  }
}

function send(response: ServerResponse, { status, body, headers = {} }: Reply): void {
  response.writeHead(status, { ...headers, 'content-type': 'application/json', connection: 'close' })
  response.end(`${JSON.stringify(body)}\n`)
}
