import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { commands, options, say } from './answers.js'

// The lower bound for a gateway with a process replica: the bytes of a TCP connection go through a Unix socket to a second
// process, which sends them back the same way. Nothing is parsed.

export interface RelayOptions {
  /** The Unix socket of the second process; undefined for the first process. */
  readonly path?: string
}

export interface RelayReady {
  readonly port: number
}

const { path } = options<RelayOptions>()
await (path === undefined ? relay() : echo(path))

async function relay(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-relay-'))
  const socket = join(folder, 'echo')
  const program = fileURLToPath(import.meta.url)
  const child = spawn(process.execPath, [program, JSON.stringify({ path: socket } satisfies RelayOptions)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect(socket)
    near.on('error', () => {}).pipe(far)
    far.on('error', () => {}).pipe(near)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  say({ port } satisfies RelayReady)
  for await (const command of commands()) say(command)
  child.kill()
  rmSync(folder, { recursive: true })
  say({})
  process.exit()
}

async function echo(socket: string): Promise<void> {
  const server = createServer((peer) => void peer.on('error', () => {}).pipe(peer))
  await once(server.listen(socket), 'listening')
  say({})
}
