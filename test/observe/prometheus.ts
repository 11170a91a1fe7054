import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** One series of a query, and its value. */
export interface Queried {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [seconds: number, value: string]
}

/** A real Prometheus that scrapes one port of this machine once a second. */
export class Prometheus {
  readonly #folder: string
  readonly #process: ChildProcess
  readonly #url: string

  private constructor(folder: string, process: ChildProcess, url: string) {
    this.#folder = folder
    this.#process = process
    this.#url = url
  }

  /** `token`: the bearer token that it sends. Rejects when the program is missing or ends. */
  static async start(target: number, token?: string): Promise<Prometheus> {
    const folder = mkdtempSync(path.join(tmpdir(), 'millrace-prometheus-'))
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s' },
      scrape_configs: [
        {
          job_name: 'millrace',
          static_configs: [{ targets: [`127.0.0.1:${target}`] }],
          ...(token !== undefined && { authorization: { credentials: token } }),
        },
      ],
    }
    const file = path.join(folder, 'prometheus.yml') // JSON is YAML
    writeFileSync(file, JSON.stringify(config))
    const port = await freePort()
    const child = spawn(
      'prometheus',
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${path.join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    )
    const prometheus = new Prometheus(folder, child, `http://127.0.0.1:${port}`)
    const failed = Promise.race([
      once(child, 'error').then(([error]) => {
        throw new Error(`Prometheus did not start. Install it: apt-get install prometheus.`, { cause: error })
      }),
      once(child, 'exit').then(([code]) => {
        throw new Error(`Prometheus ended with ${code}.`)
      }),
    ])
    failed.catch(() => {})
    await Promise.race([prometheus.#ready(), failed])
    return prometheus
  }

  /** The result of an instant query. */
  async query(query: string): Promise<readonly Queried[]> {
    const response = await fetch(`${this.#url}/api/v1/query?query=${encodeURIComponent(query)}`)
    const { status, error, data } = (await response.json()) as {
      status: string
      error?: string
      data: { result: Queried[] }
    }
    if (status !== 'success') throw new Error(`${query}: ${error}`)
    return data.result
  }

  /** The value of a query with one series; undefined when it has none. */
  async value(query: string): Promise<number | undefined> {
    const [first, ...others] = await this.query(query)
    if (others.length > 0) throw new Error(`${others.length + 1} series: ${query}`)
    return first && Number(first.value[1])
  }

  async close(): Promise<void> {
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #ready(): Promise<void> {
    for (;;) {
      const isReady = await fetch(`${this.#url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
      if (isReady) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** Runs `promtool check metrics`; the problems that it finds, empty when there are none. */
export function problemsIn(text: string): string {
  return promtool(['check', 'metrics'], text)
}

/** Runs promtool; what it prints, or nothing when it finds no problem. */
export function promtool(args: readonly string[], input = ''): string {
  const { error, status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  if (error !== undefined)
    throw new Error('promtool cannot be run. Install it: apt-get install prometheus.', { cause: error })
  return status === 0 ? '' : `${stdout}${stderr}`
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
