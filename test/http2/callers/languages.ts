import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { pythonPath } from '../../interop/python.js'

const folder = fileURLToPath(new URL('.', import.meta.url))
const goProgram = fileURLToPath(new URL('../../../.cache/bin/grpc-go-caller', import.meta.url))
const goServer = fileURLToPath(new URL('../../../.cache/bin/grpc-go-server', import.meta.url))

export interface CallOptions {
  readonly timeoutMs?: number
  /** Cancels after so many answers. */
  readonly cancelAfter?: number
  readonly gzip?: boolean
  readonly metadata?: Readonly<Record<string, string>>
  /** Path of a certificate authority: the call goes over TLS. */
  readonly ca?: string
}

export interface Ending {
  readonly answers: readonly Buffer[]
  /** Number of the gRPC status. */
  readonly code: number
  readonly message: string
}

/** A gRPC library that calls and serves with messages as they are. */
export interface Language {
  readonly name: string
  prepare(): Promise<void>
  command(): readonly [program: string, ...args: string[]]
  server(): readonly [program: string, ...args: string[]]
}

export const languages: readonly Language[] = [
  {
    name: 'grpc-go',
    async prepare() {
      await promisify(execFile)('go', ['build', '-o', goProgram, '.'], { cwd: folder })
      await promisify(execFile)('go', ['build', '-o', goServer, './server'], { cwd: folder })
    },
    command: () => [goProgram],
    server: () => [goServer],
  },
  {
    name: 'grpcio',
    async prepare() {},
    command: () => [pythonPath(), join(folder, 'grpcio_caller.py')],
    server: () => [pythonPath(), join(folder, 'grpcio_server.py')],
  },
]

/** A server in a process of its own; `server/main.go` says what it answers. */
export class LanguageServer {
  readonly port: number
  readonly #program: ChildProcessWithoutNullStreams
  /** What it has printed since, by line. */
  readonly printed: string[] = []

  private constructor(program: ChildProcessWithoutNullStreams, port: number) {
    this.#program = program
    this.port = port
  }

  static async start(language: Language): Promise<LanguageServer> {
    const [file, ...args] = language.server()
    const program = spawn(file, args)
    program.stderr.pipe(process.stderr)
    const lines = createInterface(program.stdout)
    const [port] = (await once(lines, 'line')) as [string]
    const server = new LanguageServer(program, Number(port))
    lines.on('line', (line) => server.printed.push(line))
    return server
  }

  /** Lets it stop gracefully. */
  stop(): void {
    this.#program.stdin.end()
  }

  kill(): void {
    this.#program.kill('SIGKILL')
  }
}

/** One call on a connection and in a process of its own. @throws Error when the program fails, not when the call does */
export async function call(
  language: Language,
  address: string,
  method: string,
  messages: readonly Uint8Array[],
  options: CallOptions = {},
): Promise<Ending> {
  const answers = await mkdtemp(join(tmpdir(), 'millrace-call-'))
  try {
    const paths = messages.map((_, index) => join(answers, `message-${index}`))
    await Promise.all(messages.map((message, index) => writeFile(paths[index]!, message)))
    const [program, ...args] = language.command()
    const running = promisify(execFile)(program, args)
    running.child.stdin!.end(JSON.stringify({ address, method, messages: paths, answers, ...options }))
    const { stdout } = await running
    const {
      code,
      message,
      answers: count,
    } = JSON.parse(stdout) as {
      readonly code: number
      readonly message: string
      readonly answers: number
    }
    const files = Array.from({ length: count }, (_, index) => readFile(join(answers, String(index))))
    return { answers: await Promise.all(files), code, message }
  } finally {
    await rm(answers, { recursive: true })
  }
}
