import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { Client, type Flow } from 'millrace'
import { inject } from 'vitest'
import { parse, stringify } from 'yaml'
import type { ClientTls } from '../../../src/tls/client-tls.js'
import { containersWith, docker } from './docker.js'

const run = promisify(execFile)

interface Service {
  readonly configs?: readonly { readonly source: string; readonly target: string }[]
  readonly volumes?: readonly object[]
}

/** A Flow under Docker Compose, in a project of its own. */
export class Composed {
  readonly host: string
  readonly #tls: ClientTls | undefined
  readonly #folder: string
  readonly #project: string
  readonly #scales = new Map<string, number>()

  private constructor(folder: string, host: string, tls: ClientTls | undefined) {
    this.#folder = folder
    this.#project = path
      .basename(folder)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, '')
    this.host = host
    this.#tls = tls
  }

  /**
   * Exports the Flow and brings it up; resolves when requests go through. Rejects with the logs when a container exits
   * before.
   *
   * @param options `tls`: of the requests that say whether it is ready.
   */
  static async up(
    flow: Flow<string>,
    project: string,
    { scheme = 'grpc', tls }: { readonly scheme?: 'grpc' | 'grpcs' | 'http'; readonly tls?: ClientTls } = {},
  ): Promise<Composed> {
    const folder = await mkdtemp(path.join(tmpdir(), 'composed-'))
    const port = await freePort()
    const file = path.join(folder, 'docker-compose.yml')
    await flow.toDockerCompose(file, { image: inject('projectImage'), project, port })
    await forOldCompose(file)
    const composed = new Composed(folder, `${scheme}://127.0.0.1:${port}`, tls)
    try {
      await composed.compose('up', '--detach')
      await composed.ready()
      return composed
    } catch (error) {
      await composed.remove()
      throw error
    }
  }

  /** Runs `docker-compose` on it; resolves with its output. */
  async compose(...args: readonly string[]): Promise<string> {
    const all = ['--compatibility', '--project-name', this.#project, ...args]
    const { stdout } = await run('docker-compose', all, { cwd: this.#folder, maxBuffer: 2 ** 26 })
    return stdout.trim()
  }

  /** Like `docker compose up --scale`; keeps the numbers of earlier calls. */
  async scale(service: string, replicas: number): Promise<void> {
    this.#scales.set(service, replicas)
    const scales = [...this.#scales].flatMap(([name, count]) => ['--scale', `${name}=${count}`])
    await this.compose('up', '--detach', '--no-recreate', ...scales)
  }

  client(): Client {
    return new Client({ host: this.host, ...(this.#tls !== undefined && { tls: this.#tls }) })
  }

  /** Ids of the running containers, of one service or of all. */
  containers(service?: string): Promise<readonly string[]> {
    const labels = {
      'com.docker.compose.project': this.#project,
      ...(service !== undefined && { 'com.docker.compose.service': service }),
    }
    return containersWith(labels, '--filter', 'status=running')
  }

  /** Resolves when every container is healthy, and a request goes through all stages. */
  async ready(): Promise<void> {
    await using client = this.client()
    for (;;) {
      const ids = await this.compose('ps', '--quiet')
      const format = '{{.State.Health.Status}} {{.State.Status}} {{.RestartCount}}'
      const states = (await docker('inspect', '--format', format, ...ids.split('\n'))).split('\n')
      if (states.some((state) => /exited|restarting| [1-9]\d*$/.test(state)))
        throw new Error(await this.compose('logs', '--no-color'))
      if (states.every((state) => state.startsWith('healthy')) && (await client.isReady())) return
    }
  }

  async remove(): Promise<void> {
    await this.compose('down', '--volumes', '--timeout', '1')
    await rm(this.#folder, { recursive: true })
  }
}

/**
 * Debian's docker-compose 1.29 ignores `configs`, so they are mounted from folders of this machine, as a current version
 * does. Everything else in the file is unchanged.
 */
async function forOldCompose(file: string): Promise<void> {
  const { configs, ...rest } = parse(await readFile(file, 'utf8')) as {
    readonly configs: Readonly<Record<string, { readonly file: string }>>
    readonly services: Readonly<Record<string, Service>>
  }
  const services = Object.entries(rest.services).map(([name, { configs: own = [], ...service }]) => {
    const mounts = own.map(({ source, target }) => ({
      type: 'bind',
      source: configs[source]!.file,
      target,
      read_only: true,
    }))
    return [name, { ...service, volumes: [...(service.volumes ?? []), ...mounts] }]
  })
  await writeFile(file, stringify({ ...rest, services: Object.fromEntries(services) as object }))
}

/** Compose needs a fixed port to publish. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { readonly port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
