/**
 * Lifecycle of a pod, the same for every kind:
 *
 * ```
 * starting ── ready ──▶ running ── stop() ──▶ stopping ──▶ exited
 *    │                     └── exits by itself ────────────▲
 *    └── failed, exited, timed out, aborted ──▶ killed, the start rejects
 * ```
 *
 * 1. A start rejects only after its host has exited: it leaves nothing running.
 * 2. `exited` resolves once, after the last line of output was passed on.
 */
import { MillraceError } from '../errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { type Deferred, deferred } from '../lib/deferred.js'
import type { Address } from '../transport/transport.js'
import type { StartStep } from '../worker/construct.js'
import type { Driver, Host, HostEvents, HostOptions } from './host.js'
import { podLine, type PodLog, podLog, type Printer } from '../observe/pod-line.js'
import { OutputTail } from './output.js'
import type { Pod, PodSpec } from './pod.js'
import { type Gone, RunningPod, within } from './running-pod.js'
import { type BadStart, startError } from './start-error.js'
import { describeFailure } from './start-failure.js'

/** How long a program may take to close its Flow after a SIGTERM that reached its pods as well. */
const groupMs = 500

/** How long a pod drains after a SIGTERM that only it has received. */
const terminatedGraceMs = 10_000

/** How long a pod that failed to start may take to exit by itself. */
const failedMs = 500

export interface StartOptions extends HostOptions {
  /** Aborts the start and kills the pod. */
  readonly signal: AbortSignal
  /** Whether the Flow is closing, and so stops the pod itself once its requests are answered. Default: never. */
  isClosing?(): boolean
  /** Called for each line of output, formatted as a log line: `exec/rep-1@3412: …`. */
  onLine(line: string): void
  /** How these lines are formatted. Default: as the environment says. */
  readonly format?: PodLog
  /** Called for each line of output as the pod has printed it. */
  keep?(raw: string, printer: Printer): void
  /** Default: the system clock. */
  readonly clock?: Clock
}

type Start = { readonly kind: 'ready'; readonly address: Address } | BadStart | { readonly kind: 'aborted' }

/** Starts a host and waits until it is ready. Rejects with START_FAILED, START_TIMEOUT, WORKSPACE_CONFLICT, or the reason of `signal`. */
export async function runPod(driver: Driver, spec: PodSpec, options: StartOptions): Promise<Pod> {
  const { signal, clock = systemClock } = options
  const { name } = spec
  if (signal.aborted) throw MillraceError.from(signal.reason, 'CANCELLED')
  const output = new OutputTail()
  let step = null as StartStep | null
  const { format = podLog() } = options
  const outcome = deferred<Start>()
  const gone = deferred<Gone>()
  // an inline pod may log before its driver has returned
  let host: Host = notStarted
  host = launch(
    driver,
    spec,
    {
      step: (next) => {
        step = next
      },
      ready: (address) => outcome.resolve({ kind: 'ready', address }),
      failed: (failure) => outcome.resolve({ kind: 'failed', failure }),
      terminated() {
        const cancel = clock.after(groupMs, () => {
          if (options.isClosing?.() !== true) host.stop(terminatedGraceMs)
        })
        void gone.promise.then(cancel)
      },
      line(text) {
        const printer = { name, pid: host.pid }
        const { log: line, kept } = podLine(text, printer, format)
        output.push(kept)
        options.keep?.(text, printer)
        if (line !== null) options.onLine(line)
      },
      exited(reason, code) {
        const end = { reason, code: code ?? null }
        outcome.resolve({ kind: 'gone', ...end })
        gone.resolve(end)
      },
    },
    options,
  )
  const start = await ended(outcome, spec.timeoutReadyMs, { signal, clock })
  if (start.kind === 'ready') {
    return new RunningPod({ name, host, address: start.address, gone: gone.promise, output, clock })
  }
  const why = host.whyLate?.() ?? (step === null ? null : pending[step])
  if (start.kind !== 'failed' || !(await within(gone.promise, failedMs, clock))) host.kill()
  await gone.promise
  throw start.kind === 'aborted'
    ? MillraceError.from(signal.reason, 'CANCELLED')
    : startError(start.kind === 'late' ? { ...start, why } : start, spec, output.lines)
}

/** What a start that takes too long is waiting for. */
const pending: Readonly<Record<StartStep, string>> = {
  loading: 'Its module is still loading;',
  constructing: 'Its constructor has not returned;',
  'warming-up': 'Its warmUp() has not ended;',
}

/** Starts the host. A driver throws when the system cannot provide a process, a thread or a file. */
function launch(driver: Driver, spec: PodSpec, events: HostEvents, options: HostOptions): Host {
  try {
    return driver(spec, events, options)
  } catch (error) {
    events.failed(describeFailure(error))
    events.exited('was not started')
    return notStarted
  }
}

const notStarted: Host = {
  pid: 0,
  stop() {},
  terminate() {},
  kill() {},
  profile: () => Promise.reject(new MillraceError('UNAVAILABLE', 'The replica was not started.')),
  fault() {},
}

/** Waits for the outcome of a start, the timeout or the signal. */
async function ended(
  outcome: Deferred<Start>,
  timeoutReadyMs: number,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<Start> {
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
