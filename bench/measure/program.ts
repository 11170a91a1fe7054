import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'

import { cpuSecondsOf, ownCpuSecondsOf, pssBytesOf } from './process-tree.js'

/** Prefix of answers, which tells them from banners and warnings. */
export const ANSWER = '@@ '

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Time limit of an answer, also on a busy machine. */
const PATIENCE_MS = 90_000

/** Running process groups, so that none outlives the benchmark. */
const groups = new Set<number>()
process.once('exit', () => groups.forEach(endGroup))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

/** A program under measurement in a process group of its own: JSON commands on stdin, answers on stdout. */
export class Program {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #answers: Answers
  readonly #exited: Promise<void>

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    this.#answers = new Answers(child)
    this.#exited = new Promise((resolve) => child.once('exit', () => resolve()))
  }

  /** Resolves with the program's ready message. @throws Error with its last output when it does not start */
  static async start<Ready>(command: Command): Promise<{ program: Program; ready: Ready }> {
    const child = spawn(command.file, command.args, {
      stdio: 'pipe',
      detached: true,
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      env: environment(command),
    })
    if (child.pid !== undefined) groups.add(child.pid)
    const program = new Program(child)
    return { program, ready: (await program.#answer()) as Ready }
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** CPU seconds of the whole tree so far. */
  get cpuS(): number {
    return cpuSecondsOf(this.pid)
  }

  /** CPU seconds of the first process alone: gateway and client, without the pods. */
  get ownCpuS(): number {
    return ownCpuSecondsOf(this.pid)
  }

  /** Memory of the whole tree, bytes. */
  get pssBytes(): number {
    return pssBytesOf(this.pid)
  }

  /** @throws Error with the program's last output when it exits, or is killed because it was silent for a minute and a half. */
  async ask<Reply>(command: object): Promise<Reply> {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`)
    return (await this.#answer()) as Reply
  }

  /** Asks the program to close, resolves with its last answer, and kills what is left of it. */
  async close<Last>(): Promise<Last> {
    const last = await this.ask<Last>({ do: 'close' })
    this.#child.stdin.end()
    await this.#exited
    this.#end()
    return last
  }

  /** Like `close`, without the last answer: a program that is gone or hangs is just killed. */
  async end(): Promise<void> {
    await this.close().catch(() => this.#end())
  }

  async #answer(): Promise<unknown> {
    const timer = setTimeout(() => this.#end(), PATIENCE_MS)
    try {
      return await this.#answers.next()
    } catch (error) {
      this.#end()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  #end(): void {
    if (this.#child.pid === undefined || !groups.delete(this.#child.pid)) return
    endGroup(this.#child.pid)
  }
}

/**
 * Without NODE_EXTRA_CA_CERTS: reading a system's certificates costs each Node process 40 ms of CPU before its first line,
 * which is not Millrace's cost, and no program here uses TLS.
 */
function environment(command: Command): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, ...inherited } = process.env
  return { ...inherited, ...command.env }
}

/** Kills a process group that was started here. */
function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // All of it has ended.
  }
}

class Answers {
  readonly #ready: unknown[] = []
  readonly #waiting: PromiseWithResolvers[] = []
  readonly #noise: string[] = []
  #ended = false

  constructor(child: ChildProcessWithoutNullStreams) {
    createInterface({ input: child.stdout }).on('line', (line) => this.#onLine(line))
    createInterface({ input: child.stderr }).on('line', (line) => this.#remember(line))
    child.once('error', (error) => this.#remember(error.message))
    child.once('close', () => this.#end())
    child.stdin.on('error', () => {})
  }

  next(): Promise<unknown> {
    if (this.#ready.length > 0) return Promise.resolve(this.#ready.shift())
    if (this.#ended) return Promise.reject(this.#failure())
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  #onLine(line: string): void {
    if (!line.startsWith(ANSWER)) return this.#remember(line)
    const answer: unknown = JSON.parse(line.slice(ANSWER.length))
    const waiting = this.#waiting.shift()
    if (waiting === undefined) this.#ready.push(answer)
    else waiting.resolve(answer)
  }

  #remember(line: string): void {
    this.#noise.push(line)
    if (this.#noise.length > 40) this.#noise.shift()
  }

  #end(): void {
    this.#ended = true
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure())
  }

  #failure(): Error {
    return new Error(
      `a program of the bench ended early or was silent too long; its last output:\n${this.#noise.join('\n')}`,
    )
  }
}

interface PromiseWithResolvers {
  resolve(value: unknown): void
  reject(reason: Error): void
}
