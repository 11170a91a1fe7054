import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

/** The built command line. */
export const commandLine = path.resolve(import.meta.dirname, '../../dist/cli/main.js')

export interface Server {
  readonly child: ChildProcess
  readonly port: number
}

/** Servers that `millrace` runs, each in a process of its own. */
export class Servers {
  readonly #children: ChildProcess[] = []

  /** Starts `millrace COMMAND …` on a port of 127.0.0.1 that the system chooses. Rejects with its output when it exits. */
  start(command: string, ...args: readonly string[]): Promise<Server> {
    const child = spawn(process.execPath, [commandLine, command, ...args, '--host', '127.0.0.1'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#children.push(child)
    let said = ''
    return new Promise((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString()
        const port = /127\.0\.0\.1:(\d+)/.exec(said)?.[1]
        if (port !== undefined) resolve({ child, port: Number(port) })
      })
      child.once('exit', () => reject(new Error(`it did not start: ${said}`)))
    })
  }

  /** Kills all that still run. */
  async close(): Promise<void> {
    for (const child of this.#children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }
}
