/**
 * The life of a pod, the same for every kind:
 *
 * ```
 * starting ── ready ──▶ running ── stop() ──▶ stopping ──▶ exited
 *    └── failed, timed out, aborted, gone ──▶ killed ────────▲
 *                          running ── gone ──────────────────┘
 * ```
 *
 * 1. `startPod` rejects only when the host is gone: a failed start leaves nothing running.
 * 2. `exited` resolves once, after the last line of output was handed on.
 * 3. Stopping is bounded: asked, after `graceMs` urged, after `urgedMs` more killed.
 */
import { MillraceError } from '../errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { deferred } from '../lib/deferred.js'
import type { Address } from '../transport/transport.js'
import type { Driver, Host, HostOptions } from './host.js'
import { OutputTail, prefixed } from './output.js'
import type { Exit, Pod, PodSpec } from './pod.js'
import { failureCause, type StartFailure } from './start-failure.js'

/** How long requests in flight may take when a pod stops. */
const defaultGraceMs = 10_000

/** How long a pod may take to end after SIGTERM. */
const urgedMs = 1000

/** How long a pod that could not start may take to end by itself. */
const failedMs = 500

export interface StartOptions extends HostOptions {
  /** Gives up; the pod is killed. */
  readonly signal: AbortSignal
  /** Each line that the pod prints, as `exec/rep-1@3412: …`. */
  onLine(line: string): void
  /** Default the system's. */
  readonly clock?: Clock
}

type Outcome =
  | { readonly kind: 'ready'; readonly address: Address }
  | { readonly kind: 'failed'; readonly failure: StartFailure }
  | { readonly kind: 'gone'; readonly reason: string }
  | { readonly kind: 'late' }
  | { readonly kind: 'aborted' }

/** Starts a host and sees it through. Rejects with START_FAILED, START_TIMEOUT, or the reason of `signal`. */
export async function runPod(driver: Driver, spec: PodSpec, options: StartOptions): Promise<Pod> {
  const { signal, clock = systemClock } = options
  signal.throwIfAborted()
  const output = new OutputTail()
  const gone = deferred<string>()
  const outcome = deferred<Outcome>()
  const host: Host = driver(
    spec,
    {
      ready: (address) => outcome.resolve({ kind: 'ready', address }),
      failed: (failure) => outcome.resolve({ kind: 'failed', failure }),
      line(text) {
        output.push(text)
        options.onLine(prefixed(text, { name: spec.name, pid: host.pid }))
      },
      exited(reason) {
        outcome.resolve({ kind: 'gone', reason })
        gone.resolve(reason)
      },
    },
    options,
  )
  const started = await first(outcome, spec, { signal, clock })
  if (started.kind === 'ready')
    return new RunningPod({ spec, host, address: started.address, gone: gone.promise, output, clock })
  if (started.kind !== 'failed' || !(await within(gone.promise, failedMs, clock))) host.kill()
  await gone.promise
  if (started.kind === 'aborted') throw MillraceError.from(signal.reason, 'CANCELLED')
  throw startError(started, spec, output.lines)
}

async function first(
  outcome: { readonly promise: Promise<Outcome>; resolve(outcome: Outcome): void },
  { timeoutReadyMs }: PodSpec,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<Outcome> {
  const onAbort = (): void => outcome.resolve({ kind: 'aborted' })
  const cancel =
    timeoutReadyMs < 0 ? () => {} : clock.after(timeoutReadyMs, () => outcome.resolve({ kind: 'late' }))
  signal.addEventListener('abort', onAbort)
  try {
    return await outcome.promise
  } finally {
    signal.removeEventListener('abort', onAbort)
    cancel()
  }
}

interface RunningPodParts {
  readonly spec: PodSpec
  readonly host: Host
  readonly address: Address
  readonly gone: Promise<string>
  readonly output: OutputTail
  readonly clock: Clock
}

class RunningPod implements Pod {
  readonly name: string
  readonly pid: number
  readonly address: Address
  readonly exited: Promise<Exit>
  readonly #host: Host
  readonly #gone: Promise<string>
  readonly #clock: Clock
  #stopping = false

  constructor({ spec, host, address, gone, output, clock }: RunningPodParts) {
    this.name = spec.name
    this.pid = host.pid
    this.address = address
    this.#host = host
    this.#gone = gone
    this.#clock = clock
    this.exited = gone.then((reason) => ({ expected: this.#stopping, reason, output: output.lines }))
  }

  stop({ graceMs = defaultGraceMs }: { readonly graceMs?: number } = {}): Promise<Exit> {
    if (!this.#stopping) void this.#end(graceMs)
    return this.exited
  }

  async #end(graceMs: number): Promise<void> {
    // a pod that is gone already was not asked to go
    if (await within(this.#gone, 0, this.#clock)) return
    this.#stopping = true
    this.#host.stop(graceMs)
    if (await within(this.#gone, graceMs, this.#clock)) return
    this.#host.terminate()
    if (await within(this.#gone, urgedMs, this.#clock)) return
    this.#host.kill()
  }
}

/** Whether it happens in time. */
function within(event: Promise<unknown>, ms: number, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, () => resolve(false))
    void event.then(() => {
      cancel()
      resolve(true)
    })
  })
}

function startError(
  started: Exclude<Outcome, { kind: 'ready' | 'aborted' }>,
  { name, timeoutReadyMs, deployment }: PodSpec,
  output: readonly string[],
): MillraceError {
  const options = { output, where: { deployment, pod: name } }
  switch (started.kind) {
    case 'failed': {
      const cause = failureCause(started.failure)
      return new MillraceError('START_FAILED', `${name} did not start: ${started.failure.message}`, {
        ...options,
        cause,
      })
    }
    case 'gone':
      return new MillraceError(
        'START_FAILED',
        `${name} ${started.reason} before it was ready.${lastOutput(output)}`,
        options,
      )
    case 'late': {
      const hint =
        'Its constructor, or the loading of its module, takes longer; raise timeoutReadyMs (-1 waits for ever).'
      return new MillraceError(
        'START_TIMEOUT',
        `${name} was not ready within ${timeoutReadyMs} ms. ${hint}${lastOutput(output)}`,
        options,
      )
    }
  }
}

function lastOutput(output: readonly string[]): string {
  return output.length === 0
    ? ' It printed nothing.'
    : ` Its last output:\n${output.map((line) => `  ${line}`).join('\n')}`
}
