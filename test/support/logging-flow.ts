import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../fixtures/logging.mjs', import.meta.url))

/** A program with a Flow that logs; see `test/fixtures/logging.mjs`. Both its outputs are pipes. */
export class LoggingFlow {
  readonly child: ChildProcessWithoutNullStreams
  /** Lines of standard error so far. */
  readonly lines: string[] = []
  readonly #said: AsyncIterator<string>

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.child = child
    createInterface({ input: child.stderr }).on('line', (line) => this.lines.push(line))
    this.#said = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  static async start(
    options: object,
    { runtime = 'process', env = process.env }: { runtime?: string; env?: NodeJS.ProcessEnv } = {},
  ): Promise<LoggingFlow> {
    const args = [program, JSON.stringify(options), runtime]
    const flow = new LoggingFlow(spawn(process.execPath, args, { env, stdio: 'pipe' }))
    await flow.#until('ready')
    return flow
  }

  /** Sends so many requests at once, and waits until they have ended. */
  async send(endpoint: string, count = 1, executor = 'speaker'): Promise<void> {
    this.child.stdin.write(`${endpoint} ${count} ${executor}\n`)
    await this.#until('done')
  }

  /** Waits for a line of standard output, where pods on the main thread print as well. */
  async #until(word: string): Promise<void> {
    for (;;) {
      const { value, done } = await this.#said.next()
      if (done === true) throw new Error(`The program ended:\n${this.lines.join('\n')}`)
      if (value.startsWith(word)) return
    }
  }

  /** Closes the Flow, and resolves with the lines of standard error when its program has ended. */
  async close(): Promise<readonly string[]> {
    const closed = once(this.child, 'close')
    this.child.stdin.end()
    if (this.child.exitCode === null && this.child.signalCode === null) await closed
    return this.lines
  }
}
