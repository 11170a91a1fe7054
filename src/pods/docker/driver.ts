/**
 * One container, from its creation to its removal:
 *
 * ```
 * creating ── started ──▶ running ── answers ──▶ (ready) ── exited ──▶ removed ──▶ exited event
 *   └── kill(), or it cannot be created ──────────────────────────────▶
 * ```
 *
 * 1. The `exited` event comes after the container was removed: nothing is left over.
 * 2. It is ready when it answers gRPC. An open port is not enough, because the engine itself listens there.
 * 3. It ends with this program: Millrace in it exits when its standard input closes; other containers are found by their
 *    labels.
 */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:os'
import { type Attachment, Container, type ContainerEnd } from '../../docker-engine/container.js'
import { connectEngine, type Engine } from '../../docker-engine/engine.js'
import { ensureImage, type ImageFacts } from '../../docker-engine/image.js'
import { newVolumes } from '../../docker-engine/mounts.js'
import { MillraceError } from '../../errors.js'
import { containerPort } from '../../containers/container-paths.js'
import { systemClock } from '../../lib/clock.js'
import type { Driver, Host, HostEvents } from '../host.js'
import type { PodContainer, PodSpec } from '../pod.js'
import { describeFailure, describeUncopyable } from '../start-failure.js'
import type { Invocation } from './arguments.js'
import { containerOfPod } from './container-of-pod.js'
import { type PodCommand, parseEvent } from './inside.js'
import { sweepOnce } from './orphans.js'
import { mountsOf } from './mounts.js'
import { untilReady } from './ready.js'
import { requireCopyable, Uncopyable } from '../plain-options.js'
import { requireLocal } from './requirements.js'
import { enter } from './siblings.js'

/** How long to wait for the last output of a container that has exited. */
const lastOutputMs = 1000

/** A container of the Docker engine, for `uses: 'docker://image'`. */
export const startDocker: Driver = (spec, events) => {
  const pod = new DockerPod(spec, events)
  void pod.live() // never rejects
  return pod
}

class DockerPod implements Host {
  pid = 0
  readonly #spec: PodSpec
  readonly #events: HostEvents
  readonly #mark: string = randomUUID()
  /** Aborts work in progress when the container has exited or was killed. */
  readonly #over = new AbortController()
  #container: Container | null = null
  #stdin: Attachment['stdin'] | null = null
  #late: string | null = null
  /** The reason that Millrace in the container gave for its exit. */
  #exitReason: string | null = null
  #failed = false
  /** Counts this container out; true when no other container uses its workspace. */
  #leave: () => boolean = () => false

  constructor(spec: PodSpec, events: HostEvents) {
    this.#spec = spec
    this.#events = events
  }

  stop(): void {
    if (this.#leave()) this.#command({ kind: 'last' })
    this.#signal('SIGTERM')
  }

  terminate(): void {
    this.#signal('SIGTERM')
  }

  kill(): void {
    this.#over.abort(new MillraceError('CANCELLED', 'The pod was killed.'))
    this.#signal('SIGKILL')
  }

  async profile(): Promise<void> {
    throw new MillraceError(
      'UNSUPPORTED',
      `${this.#spec.name} runs in a container, and only replicas on this machine can be profiled. Run its Executor as a process for that: uses with its class, and not with docker://….`,
    )
  }

  fault(fault: Extract<PodCommand, { kind: 'fault' }>['fault']): void {
    this.#command({ kind: 'fault', fault })
  }

  whyLate(): string | null {
    return this.#late
  }

  /** Runs the whole lifecycle; never rejects. */
  async live(): Promise<void> {
    let end: string | readonly [reason: string, code: number] = 'was not started'
    try {
      end = await this.#run()
    } catch (error) {
      this.#fail(error)
    }
    this.#over.abort(new MillraceError('CANCELLED', 'The container has exited.'))
    this.#leave()
    try {
      await this.#container?.remove()
    } catch (error) {
      this.#events.line(`its container is left behind: ${MillraceError.from(error).message}`)
    }
    if (typeof end === 'string') this.#events.exited(end)
    else this.#events.exited(...end)
  }

  async #run(): Promise<readonly [reason: string, code: number] | string> {
    const { container } = this.#spec
    if (container === undefined) throw new MillraceError('INTERNAL', 'a pod of kind docker needs an image')
    requireCopyable(this.#spec, 'a container')
    const engine = await connectEngine()
    requireLocal(engine)
    await sweepOnce(engine, this.#events.line)
    const image = await this.#image(engine, container)
    this.#over.signal.throwIfAborted()
    const podMounts = await mountsOf(this.#spec, container)
    if (podMounts.isOnVolume) this.#leave = enter(this.#spec)
    const mark = this.#mark
    const { made, invocation } = containerOfPod({ spec: this.#spec, container, image, podMounts, mark })
    const fresh = await newVolumes(engine, podMounts.mounts)
    const created = await Container.create(engine, made)
    this.#container = created
    const user = numericUser(image.user)
    if (user !== null) for (const { target } of fresh) await created.own(target, user)
    const { stdin, ended: printed } = await created.attach({
      onLine: (line) => this.#hear(line),
      onErrorLine: (line) => this.#hear(line),
    })
    this.#stdin = stdin
    stdin.on('error', () => {}) // the exit of the container reports it
    if (this.#over.signal.aborted) return 'was not started'
    await created.start()
    const ended = created.wait()
    ended.catch(() => {}) // awaited below
    const facts = await created.inspect()
    this.pid = facts?.pid ?? 0
    // a signal before the start had no effect: send it again
    if (this.#over.signal.aborted) await created.kill()
    const port = facts?.ports[containerPort]
    if (port !== undefined) void this.#watch(port, invocation)
    const end = await ended
    stdin.destroy()
    await withinMs(printed, lastOutputMs)
    return this.#describe(end)
  }

  async #image(engine: Engine, { image }: PodContainer): Promise<ImageFacts> {
    this.#late = `Its image ${image} is still being pulled;`
    const found = await ensureImage(engine, image, { report: this.#events.line, signal: this.#over.signal })
    this.#late = null
    return found
  }

  async #watch(port: number, invocation: Invocation): Promise<void> {
    const about = invocation.program === null ? unknownProgram : ''
    const onTrial = (why: string): void => {
      this.#late = `Nothing has answered by gRPC on port ${containerPort} of its container so far (${why}).${about} If it needs longer,`
    }
    const isReady = await untilReady(port, { signal: this.#over.signal, onTrial })
    if (isReady && !this.#failed)
      this.#events.ready({ kind: 'grpc', host: '127.0.0.1', port, tls: false, isPod: true })
  }

  /** Strips the prefix from lines of Millrace's own logger in the container: the prefix is added on this side. */
  #hear(line: string): void {
    const event = parseEvent(this.#mark, line)
    if (event === null) {
      const { name } = this.#spec
      const [, rest] = line.startsWith(`${name}@`)
        ? (/^\d+(.*)$/s.exec(line.slice(name.length + 1)) ?? [])
        : []
      if (rest === undefined) this.#events.line(line)
      else this.#events.line(rest.startsWith(': ') ? rest.slice(2) : `${name}@${this.pid}${rest}`)
    } else if (event.kind === 'failed') {
      this.#failed = true
      this.#events.failed(event.failure)
    } else this.#exitReason = event.reason
  }

  #fail(error: unknown): void {
    if (this.#over.signal.aborted) return
    this.#failed = true
    const isOptions = error instanceof Uncopyable
    this.#events.failed(isOptions ? describeUncopyable(error) : describeFailure(error))
  }

  #describe(end: ContainerEnd | null): readonly [reason: string, code: number] | string {
    if (end === null) return 'was removed from outside'
    const { code, outOfMemory } = end
    return [this.#exitReason ?? (outOfMemory ? this.#outOfMemory() : reasonOf(code)), code]
  }

  #outOfMemory(): string {
    const limit = this.#spec.container?.resources.limits?.memory
    return `ran out of memory (${limit === undefined ? 'that of the machine' : `its limit is ${limit}`})`
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    // fails when the container has exited, or when the engine is down, which its exit will show
    void this.#container?.kill(signal).catch(() => {})
  }

  #command(command: PodCommand): void {
    this.#stdin?.write(`${JSON.stringify(command)}\n`)
  }
}

const unknownProgram =
  ' Its image starts neither millrace nor jina, so it must serve the same gRPC API by itself.'

/** The user as numbers; null for a user name or an empty user, because only the image knows its number. */
function numericUser(user: string): { readonly uid: number; readonly gid: number } | null {
  const [, uid, gid = uid] = /^(\d+)(?::(\d+))?$/.exec(user) ?? []
  return uid === undefined ? null : { uid: Number(uid), gid: Number(gid) }
}

function reasonOf(code: number): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128)
  return signal === undefined ? `exited with code ${code}` : `was killed by ${signal[0]}`
}

function withinMs(work: Promise<unknown>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const cancel = systemClock.after(ms, resolve)
    void work.finally(() => {
      cancel()
      resolve()
    })
  })
}
