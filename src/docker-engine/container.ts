import type { Duplex } from 'node:stream'
import { PassThrough } from 'node:stream'
import type Dockerode from 'dockerode'
import { MillraceError } from '../errors.js'
import { readLines } from '../observe/lines.js'
import { type ContainerSpec, createOptions } from './container-spec.js'
import type { Engine } from './engine.js'
import { dockerFailure, isConflict, isNotFound } from './failure.js'
import type { Labels } from './labels.js'
import { type ContainerFile, folderTar, tarOf } from './tar.js'

/** How a container stands. */
export interface ContainerFacts {
  readonly id: string
  readonly name: string
  readonly image: string
  readonly labels: Labels
  /** `created`, `running`, `paused`, `restarting`, `exited`, `dead`. */
  readonly state: string
  /** Of its first process, as the engine's machine numbers them; 0 when it does not run. */
  readonly pid: number
  readonly exitCode: number
  readonly outOfMemory: boolean
  /** Why it could not be started; '' when it could. */
  readonly error: string
  /** `starting`, `healthy`, `unhealthy`; null without a check. */
  readonly health: string | null
  readonly restarts: number
  /** In its networks, by their names. */
  readonly addresses: Readonly<Record<string, string>>
  /** Port of this machine by port of the container. */
  readonly ports: Readonly<Record<number, number>>
}

/** How it ended. */
export interface ContainerEnd {
  readonly code: number
  readonly outOfMemory: boolean
}

/** Both directions of a container's first process. */
export interface Attachment {
  /** Its standard input; it is closed in the container when this program ends, where `stdin` is `'lifeline'`. */
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

  /** Makes one, which does not run yet. @throws NOT_FOUND without the image, INVALID_OPTION, START_FAILED */
  static async create({ docker }: Engine, spec: ContainerSpec): Promise<Container> {
    try {
      const { id } = await docker.createContainer(createOptions(spec))
      return new Container(docker, id)
    } catch (error) {
      throw dockerFailure(error, `A container of the image ${spec.image} cannot be made`)
    }
  }

  /** One that is there, by its id or name. */
  static at({ docker }: Engine, id: string): Container {
    return new Container(docker, id)
  }

  /** All that have these labels (`''`: any value), whatever their state. */
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

  /** Null when there is none any more. */
  async inspect(): Promise<ContainerFacts | null> {
    try {
      return factsOf(await this.#container.inspect())
    } catch (error) {
      if (isNotFound(error)) return null
      throw dockerFailure(error, `The container ${this.id.slice(0, 12)} cannot be looked at`)
    }
  }

  /** Resolves when it has ended; null when it was removed before that was seen. To be called once it was started. */
  async wait(): Promise<ContainerEnd | null> {
    try {
      await this.#container.wait()
    } catch (error) {
      if (!isNotFound(error)) throw dockerFailure(error, 'The end of a container cannot be waited for')
    }
    const facts = await this.inspect()
    return facts && { code: facts.exitCode, outOfMemory: facts.outOfMemory }
  }

  /** SIGTERM, after `graceMs` SIGKILL; resolves when it has ended. */
  async stop(graceMs: number): Promise<void> {
    await this.#quietly(() => this.#container.stop({ t: Math.ceil(graceMs / 1000) }), 'stopped')
  }

  /** Sends a signal; nothing happens when it does not run. */
  async kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT' | (string & {}) = 'SIGKILL'): Promise<void> {
    await this.#quietly(() => this.#container.kill({ signal }), 'signalled')
  }

  /** Also removes a container that runs. Its anonymous volumes go with it, named ones stay. */
  async remove(): Promise<void> {
    try {
      await this.#container.remove({ force: true, v: true })
    } catch (error) {
      if (isNotFound(error)) return
      if (!isConflict(error)) throw this.#failure(error, 'removed')
      await this.#removedByAnother()
    }
  }

  /** Another caller is removing it: until that is done its networks count it as an active endpoint. */
  async #removedByAnother(): Promise<void> {
    const abortSignal = AbortSignal.timeout(removalMs)
    try {
      await this.#container.wait({ condition: 'removed', abortSignal })
    } catch (error) {
      if (!isNotFound(error) && !abortSignal.aborted) throw this.#failure(error, 'removed')
    }
  }

  /** Writes small files into a folder of it. */
  async put(files: readonly ContainerFile[], folder: string): Promise<void> {
    try {
      await this.#container.putArchive(tarOf(files), { path: folder })
    } catch (error) {
      throw dockerFailure(error, `Files cannot be put into ${folder} of a container`)
    }
  }

  /** Gives a folder of it, which it is not running in yet, to a user: a new volume is root's. */
  async own(folder: string, user: { readonly uid: number; readonly gid: number }): Promise<void> {
    try {
      await this.#container.putArchive(folderTar(folder.replace(/^\//, ''), user), { path: '/' })
    } catch (error) {
      throw dockerFailure(error, `The folder ${folder} of a container cannot be given to its user`)
    }
  }

  /** Its output from its beginning, line by line, until it ends; resolves then. To be called once it was started. */
  async follow(target: LineTarget): Promise<void> {
    try {
      const stream = await this.#container.logs({ follow: true, stdout: true, stderr: true })
      await this.#lines(stream, target)
    } catch (error) {
      if (!isNotFound(error)) throw dockerFailure(error, 'The output of a container cannot be followed')
    }
  }

  /** Holds both ends of it, from before it is started. */
  async attach(target: LineTarget): Promise<Attachment> {
    try {
      const stdin = (await this.#container.attach({
        ...{ stream: true, hijack: true, stdin: true, stdout: true, stderr: true },
      })) as Duplex
      return { stdin, ended: this.#lines(stdin, target) }
    } catch (error) {
      throw dockerFailure(error, 'The input and output of a container cannot be held')
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
    // an engine that goes away ends the output as well
    for (const event of ['end', 'close', 'error']) stream.once(event, over)
    await read
  }

  /** What is so already, or has gone, is well. */
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

/** The engine says all in words. */
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
