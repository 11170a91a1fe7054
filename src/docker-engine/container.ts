import type { Duplex } from 'node:stream'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type Dockerode from 'dockerode'
import { MillraceError } from '../errors.js'
import { readLines } from '../observe/lines.js'
import { type ContainerSpec, createOptions } from './container-spec.js'
import type { Engine } from './engine.js'
import { dockerFailure, isConflict, isNotFound } from './failure.js'
import type { Labels } from './labels.js'
import { type ContainerFile, folderTar, tarOf } from './tar.js'

/** State of a container. */
export interface ContainerFacts {
  readonly id: string
  readonly name: string
  readonly image: string
  readonly labels: Labels
  /** `created`, `running`, `paused`, `restarting`, `exited`, `dead`. */
  readonly state: string
  /** Process id of its first process on the engine's host; 0 when it does not run. */
  readonly pid: number
  readonly exitCode: number
  readonly outOfMemory: boolean
  /** Why it could not be started; '' when it could. */
  readonly error: string
  /** `starting`, `healthy`, `unhealthy`; null without a check. */
  readonly health: string | null
  readonly restarts: number
  /** IP address by network name. */
  readonly addresses: Readonly<Record<string, string>>
  /** Host port by container port. */
  readonly ports: Readonly<Record<number, number>>
}

/** Exit code of a program that was ended by SIGKILL, as by the system when the memory limit is exceeded. */
const killedCode = 137

/** The engine hears of an exceeded memory limit by another event than of the exit, and on a busy machine later. */
const moreLooks = 3
const lookMs = 100

/** How a container exited. */
export interface ContainerEnd {
  readonly code: number
  readonly outOfMemory: boolean
}

/** Both directions of a container's first process. */
export interface Attachment {
  /** Its standard input. With `stdin: 'lifeline'` it closes in the container when this program exits. */
  readonly stdin: Duplex
  /** Resolves after the last line. */
  readonly ended: Promise<void>
}

export interface LineTarget {
  /** One line, without its line feed. */
  readonly onLine: (line: string) => void
  /** Lines of standard error. Default `onLine`. */
  readonly onErrorLine?: (line: string) => void
}

/** Milliseconds that a removal by another caller is waited for. */
const removalMs = 10_000

/** A container of one engine. */
export class Container {
  readonly id: string
  readonly #docker: Dockerode
  readonly #container: Dockerode.Container

  private constructor(docker: Dockerode, id: string) {
    this.id = id
    this.#docker = docker
    this.#container = docker.getContainer(id)
  }

  /** Creates a container without starting it. @throws NOT_FOUND without the image, INVALID_OPTION, START_FAILED */
  static async create({ docker }: Engine, spec: ContainerSpec): Promise<Container> {
    try {
      const { id } = await docker.createContainer(createOptions(spec))
      return new Container(docker, id)
    } catch (error) {
      throw dockerFailure(error, `Cannot create a container of the image ${spec.image}`)
    }
  }

  /** An existing container, by id or name. */
  static at({ docker }: Engine, id: string): Container {
    return new Container(docker, id)
  }

  /** All containers with these labels (`''` matches any value), in any state. */
  static async list({ docker }: Engine, labels: Labels): Promise<readonly Container[]> {
    const label = Object.entries(labels).map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    try {
      const found = await docker.listContainers({ all: true, filters: { label } })
      return found.map(({ Id }) => new Container(docker, Id))
    } catch (error) {
      throw dockerFailure(error, 'Containers cannot be listed')
    }
  }

  /** @throws PORT_IN_USE, NOT_FOUND, START_FAILED */
  async start(): Promise<void> {
    try {
      await this.#container.start()
    } catch (error) {
      if (!isConflict(error)) throw startFailure(error)
    }
  }

  /** Null when it no longer exists. */
  async inspect(): Promise<ContainerFacts | null> {
    try {
      return factsOf(await this.#container.inspect())
    } catch (error) {
      if (isNotFound(error)) return null
      throw dockerFailure(error, `The container ${this.id.slice(0, 12)} cannot be inspected`)
    }
  }

  /** Resolves when it has exited; with null when it was removed first. Call after `start()`. */
  async wait(): Promise<ContainerEnd | null> {
    try {
      await this.#container.wait()
    } catch (error) {
      if (!isNotFound(error)) throw dockerFailure(error, 'Cannot wait for the exit of a container')
    }
    let facts = await this.inspect()
    for (let look = 0; facts?.exitCode === killedCode && !facts.outOfMemory && look < moreLooks; look++) {
      await sleep(lookMs)
      facts = (await this.inspect()) ?? facts
    }
    return facts && { code: facts.exitCode, outOfMemory: facts.outOfMemory }
  }

  /** SIGTERM, then SIGKILL after `graceMs`; resolves when it has exited. */
  async stop(graceMs: number): Promise<void> {
    await this.#quietly(() => this.#container.stop({ t: Math.ceil(graceMs / 1000) }), 'stopped')
  }

  /** Sends a signal; does nothing when it does not run. */
  async kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT' | (string & {}) = 'SIGKILL'): Promise<void> {
    await this.#quietly(() => this.#container.kill({ signal }), 'signalled')
  }

  /** Removes it, even while it runs, with its anonymous volumes; named volumes stay. */
  async remove(): Promise<void> {
    try {
      await this.#container.remove({ force: true, v: true })
    } catch (error) {
      if (isNotFound(error)) return
      if (!isConflict(error)) throw this.#failure(error, 'removed')
      await this.#removedByAnother()
    }
  }

  /** Waits for the removal by another caller: until then its networks count it as an active endpoint. */
  async #removedByAnother(): Promise<void> {
    const abortSignal = AbortSignal.timeout(removalMs)
    try {
      await this.#container.wait({ condition: 'removed', abortSignal })
    } catch (error) {
      if (!isNotFound(error) && !abortSignal.aborted) throw this.#failure(error, 'removed')
    }
  }

  /** Writes small files into a folder of the container. */
  async put(files: readonly ContainerFile[], folder: string): Promise<void> {
    try {
      await this.#container.putArchive(tarOf(files), { path: folder })
    } catch (error) {
      throw dockerFailure(error, `Cannot copy files into ${folder} of a container`)
    }
  }

  /** Changes the owner of a folder before the start: a new volume belongs to root. */
  async own(folder: string, user: { readonly uid: number; readonly gid: number }): Promise<void> {
    try {
      await this.#container.putArchive(folderTar(folder.replace(/^\//, ''), user), { path: '/' })
    } catch (error) {
      throw dockerFailure(error, `Cannot make the container's user the owner of ${folder}`)
    }
  }

  /** Follows its output from the beginning, line by line; resolves when it ends. Call after `start()`. */
  async follow(target: LineTarget): Promise<void> {
    try {
      const stream = await this.#container.logs({ follow: true, stdout: true, stderr: true })
      await this.#lines(stream, target)
    } catch (error) {
      if (!isNotFound(error)) throw dockerFailure(error, 'Cannot read the output of a container')
    }
  }

  /** Attaches to input and output; call before `start()`. */
  async attach(target: LineTarget): Promise<Attachment> {
    try {
      const stdin = (await this.#container.attach({
        ...{ stream: true, hijack: true, stdin: true, stdout: true, stderr: true },
      })) as Duplex
      return { stdin, ended: this.#lines(stdin, target) }
    } catch (error) {
      throw dockerFailure(error, 'Cannot attach to the input and output of a container')
    }
  }

  async #lines(stream: NodeJS.ReadableStream, { onLine, onErrorLine = onLine }: LineTarget): Promise<void> {
    const [out, err] = [new PassThrough(), new PassThrough()]
    const read = Promise.all([readLines(out, onLine), readLines(err, onErrorLine)])
    this.#docker.modem.demuxStream(stream, out, err)
    const over = (): void => {
      out.end()
      err.end()
    }
    // the output also ends when the engine goes away
    for (const event of ['end', 'close', 'error']) stream.once(event, over)
    await read
  }

  /** Ignores "not found" and "already in that state". */
  async #quietly(work: () => Promise<unknown>, done: string): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) return
      throw this.#failure(error, done)
    }
  }

  #failure(error: unknown, done: string): MillraceError {
    return dockerFailure(error, `The container ${this.id.slice(0, 12)} cannot be ${done}`)
  }
}

/** Detects a taken port from the message: the engine has no code for it. */
function startFailure(error: unknown): MillraceError {
  const failure = dockerFailure(error, 'The container cannot be started')
  const isTaken = /port is already allocated|address already in use/i.test(failure.message)
  return isTaken ? new MillraceError('PORT_IN_USE', failure.message, { cause: error }) : failure
}

function factsOf({
  Id,
  Name,
  Config,
  State,
  RestartCount,
  NetworkSettings,
}: Dockerode.ContainerInspectInfo): ContainerFacts {
  const published = Object.entries(NetworkSettings.Ports ?? {}).flatMap(([port, bindings]) => {
    const [binding] = (bindings ?? []) as readonly { readonly HostPort: string }[]
    return binding === undefined ? [] : [[Number.parseInt(port, 10), Number(binding.HostPort)] as const]
  })
  const networks = Object.entries(NetworkSettings.Networks ?? {})
  return {
    id: Id,
    name: Name.replace(/^\//, ''),
    image: Config.Image,
    labels: Config.Labels ?? {},
    state: State.Status,
    pid: State.Pid,
    exitCode: State.ExitCode,
    outOfMemory: State.OOMKilled,
    error: State.Error,
    health: State.Health?.Status ?? null,
    restarts: RestartCount,
    addresses: Object.fromEntries(networks.map(([name, { IPAddress }]) => [name, IPAddress])),
    ports: Object.fromEntries(published),
  }
}
