import type Dockerode from 'dockerode'
import { MillraceError } from '../errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import type { Engine } from './engine.js'
import { dockerFailure, isNotFound, reasonOf } from './failure.js'

/** Configuration of an image. */
export interface ImageFacts {
  readonly id: string
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly user: string
  readonly workingDir: string
  /** `linux` for Linux images. */
  readonly os: string
}

export interface PullOptions {
  /** Called with a progress sentence every two seconds during a pull. */
  report(sentence: string): void
  readonly signal?: AbortSignal
  readonly clock?: Clock
}

/** Interval of progress reports per image. */
const reportEveryMs = 2000

/** Pulls in progress, so that several replicas of one image share one pull. */
const pulls = new Map<string, Promise<void>>()

/**
 * Looks up an image, and pulls it when the engine does not have it.
 *
 * @throws NOT_FOUND when it cannot be pulled, with the registry's message; CANCELLED
 */
export async function ensureImage(engine: Engine, name: string, options: PullOptions): Promise<ImageFacts> {
  const found = await inspectImage(engine, name)
  if (found !== null) return found
  const key = `${engine.address} ${name}`
  const pulling = pulls.get(key) ?? pull(engine, name, options).finally(() => pulls.delete(key))
  pulls.set(key, pulling)
  await orAborted(pulling, options.signal)
  const pulled = await inspectImage(engine, name)
  if (pulled !== null) return pulled
  throw new MillraceError('NOT_FOUND', `The image ${name} was pulled, but the engine does not have it.`)
}

/** Null when the engine does not have it. */
export async function inspectImage({ docker }: Engine, name: string): Promise<ImageFacts | null> {
  try {
    const { Id: id, Os: os, Config } = await docker.getImage(name).inspect()
    return {
      id,
      os,
      entrypoint: asList(Config?.Entrypoint),
      command: asList(Config?.Cmd),
      user: Config?.User ?? '',
      workingDir: Config?.WorkingDir ?? '/',
    }
  } catch (error) {
    if (isNotFound(error)) return null
    throw dockerFailure(error, `The image ${name} cannot be looked up`)
  }
}

/** Adds the tag `latest` to a name without one: the engine would pull all tags. */
async function pull(
  { docker }: Engine,
  name: string,
  { report, clock = systemClock }: PullOptions,
): Promise<void> {
  report(`The image ${name} is not on this engine; pulling it.`)
  const progress = new PullProgress()
  let reportedAt = clock.monotonic()
  try {
    const stream = await docker.pull(/[@:][^/]*$/.test(name) ? name : `${name}:latest`)
    await followed(docker, stream, (event) => {
      progress.hear(event)
      if (clock.monotonic() - reportedAt < reportEveryMs) return
      reportedAt = clock.monotonic()
      report(`The image ${name} is pulled: ${progress.sentence}.`)
    })
    report(`The image ${name} is here.`)
  } catch (error) {
    throw new MillraceError(
      'NOT_FOUND',
      `The image ${name} is not on this machine and cannot be pulled: ${reasonOf(error)} ` +
        `Check its name and tag; build it (docker build -t ${name} .) or load it (docker load); for a private registry run docker login and docker pull ${name} first.`,
      { cause: error },
    )
  }
}

function followed(
  docker: Dockerode,
  stream: NodeJS.ReadableStream,
  onEvent: (event: PullEvent) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(
      stream,
      (error: Error | null, events: readonly PullEvent[]) => {
        const failed = events?.find((event) => event.error !== undefined)
        if (error !== null) reject(error)
        else if (failed === undefined) resolve()
        else reject(new Error(failed.error))
      },
      onEvent,
    )
  })
}

/** A progress event of a pull. */
export interface PullEvent {
  readonly id?: string
  readonly status?: string
  readonly error?: string
  readonly progressDetail?: { readonly current?: number; readonly total?: number }
}

/** Layers and bytes of one pull. */
export class PullProgress {
  readonly #layers = new Map<
    string,
    { readonly current: number; readonly total: number; readonly done: boolean }
  >()

  hear({ id, status = '', progressDetail }: PullEvent): void {
    if (id === undefined || status.startsWith('Pulling from')) return
    const { current: before = 0, total: all = 0 } = this.#layers.get(id) ?? {}
    const total = progressDetail?.total ?? all
    const done = /^(Pull complete|Already exists)$/.test(status)
    // extracting counts bytes from 0 again
    const current = status === 'Downloading' ? (progressDetail?.current ?? before) : done ? total : before
    this.#layers.set(id, { current, total, done })
  }

  /** `2 of 5 layers, 31 of 120 MB`. */
  get sentence(): string {
    const all = [...this.#layers.values()]
    const sum = (count: (layer: (typeof all)[number]) => number): number =>
      Math.round(all.reduce((total, layer) => total + count(layer), 0) / 1e6)
    const done = all.filter((layer) => layer.done).length
    return `${done} of ${all.length} layers, ${sum(({ current }) => current)} of ${sum(({ total }) => total)} MB`
  }
}

function asList(value: string | readonly string[] | null | undefined): readonly string[] {
  if (value === null || value === undefined) return []
  return typeof value === 'string' ? [value] : value
}

/** Stops waiting when aborted, without cancelling the work: another caller may share it. */
function orAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(MillraceError.from(signal.reason, 'CANCELLED'))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
