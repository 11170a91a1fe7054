import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, vi } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const main = path.join(root, 'dist', 'cli', 'main.js')
const program = path.join(root, 'test', 'fixtures', 'controlled.mjs')

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A private folder for control sockets, without Flows of other tests or of the user who runs the tests. */
export class CommandLine {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'm-'))
  readonly #programs: ChildProcessWithoutNullStreams[] = []

  /** The programs that it has started. */
  get env(): NodeJS.ProcessEnv {
    return { ...process.env, XDG_RUNTIME_DIR: this.#folder, TMPDIR: this.#folder }
  }

  get socketFolder(): string {
    return path.join(this.#folder, 'millrace')
  }

  get sockets(): readonly string[] {
    return existsSync(this.socketFolder) ? readdirSync(this.socketFolder) : []
  }

  /** Starts a program with Flows of these names, each `fast_executor` and `slow_executor` with two replicas. */
  start(...names: readonly string[]): Promise<ChildProcessWithoutNullStreams> {
    return this.startProgram(program, ...names)
  }

  /** The same for another program. */
  async startProgram(file: string, ...names: readonly string[]): Promise<ChildProcessWithoutNullStreams> {
    const child = spawn(process.execPath, [file, ...names], { env: this.env, stdio: 'pipe' })
    this.#programs.push(child)
    await once(child.stdout, 'data')
    const mine = (): readonly string[] => this.sockets.filter((name) => name.includes(`-${child.pid}.`))
    await vi.waitFor(() => expect(mine()).toHaveLength(names.length), { timeout: 25_000 })
    return child
  }

  /** Runs `millrace …`. */
  run(...args: readonly string[]): Promise<Ended> {
    return new Promise((resolve) => {
      execFile(process.execPath, [main, ...args], { env: this.env }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
      })
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.#programs.map((child) => this.stop(child)))
    rmSync(this.#folder, { recursive: true })
  }

  async stop(child: ChildProcessWithoutNullStreams): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.stdin.end()
    await ended
  }
}
