import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'

import { cpuSecondsOf, ownCpuSecondsOf, pssBytesOf, treeOf } from './process-tree.js'

/** What a program prints before an answer, so that banners and warnings between them are no answers. */
export const ANSWER = '@@ '

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A program under measurement in a process tree of its own: JSON commands on stdin, answers on stdout. */
export class Program {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #answers: Answers
  readonly #exited: Promise<void>

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    this.#answers = new Answers(child)
    this.#exited = new Promise((resolve) => child.once('close', () => resolve()))
  }

  /** Resolves with what the program says when it is ready. */
  static async start<Ready>(command: Command): Promise<{ program: Program; ready: Ready }> {
    const child = spawn(command.file, command.args, {
      stdio: 'pipe',
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      env: { ...process.env, ...command.env },
    })
    const program = new Program(child)
    return { program, ready: (await program.#answers.next()) as Ready }
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

  async ask<Reply>(command: object): Promise<Reply> {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`)
    return (await this.#answers.next()) as Reply
  }

  /** Asks the program to close, gives its last words, and makes sure that nothing of its tree is left. */
  async close<Last>(): Promise<Last> {
    const tree = treeOf(this.pid)
    const timer = setTimeout(() => kill(tree), 20_000)
    try {
      return await this.ask<Last>({ do: 'close' })
    } finally {
      this.#child.stdin.end()
      await this.#exited
      clearTimeout(timer)
      kill(tree)
    }
  }
}

/** Ends the processes of a tree that we started, by their ids. */
function kill(tree: readonly number[]): void {
  for (const pid of tree) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended.
    }
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
    return new Error(`a program of the bench ended early; its last output:\n${this.#noise.join('\n')}`)
  }
}

interface PromiseWithResolvers {
  resolve(value: unknown): void
  reject(reason: Error): void
}
