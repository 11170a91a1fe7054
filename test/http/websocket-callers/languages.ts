import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const folder = fileURLToPath(new URL('.', import.meta.url))
const cache = fileURLToPath(new URL('../../../.cache/', import.meta.url))
const goProgram = `${cache}bin/websocket-caller`
const python = `${cache}websockets-env/bin/python`

export interface SocketCall {
  readonly url: string
  readonly subprotocols: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  /** Texts, or bytes in base64. */
  readonly messages: readonly string[]
  readonly isBinary?: boolean
}

export interface SocketEnding {
  /** Of the handshake; the other fields are only there after 101. */
  readonly status: number
  readonly subprotocol?: string
  readonly answers?: readonly string[]
  readonly code?: number
  readonly reason?: string
}

/** A WebSocket library of others. */
export interface Language {
  readonly name: string
  prepare(): Promise<void>
  readonly command: readonly string[]
}

export const languages: readonly Language[] = [
  {
    name: 'coder/websocket (Go)',
    async prepare() {
      await promisify(execFile)('go', ['build', '-o', goProgram, '.'], { cwd: folder })
    },
    command: [goProgram],
  },
  {
    name: 'websockets (Python)',
    async prepare() {
      if (!existsSync(python))
        throw new Error('this test needs websockets: run `node scripts/peers.mjs websockets`')
    },
    command: [python, `${folder}caller.py`],
  },
]

/** Opens a socket, sends the messages, and receives until the gateway closes it. @throws Error when the program fails */
export async function talk(
  { command: [program, ...args] }: Language,
  asked: SocketCall,
): Promise<SocketEnding> {
  const running = promisify(execFile)(program!, args, { maxBuffer: 2 ** 27 })
  running.child.stdin!.end(JSON.stringify(asked))
  return JSON.parse((await running).stdout) as SocketEnding
}
