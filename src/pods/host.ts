import type { ExecutorClass } from '../executor/executor.js'
import type { Address } from '../transport/transport.js'
import type { Fault } from './fault.js'
import type { PodSpec } from './pod.js'
import type { StartFailure } from './start-failure.js'

/** Starts one body. Never throws: what goes wrong is told by `events`. */
export type Driver = (spec: PodSpec, events: HostEvents, options: HostOptions) => Host

export interface HostOptions {
  /** The class itself, for a pod on this thread. */
  readonly executorClass?: ExecutorClass | undefined
}

/** One body that runs a worker: a child process, a thread, or just this thread. Its only logic is how to reach it. */
export interface Host {
  readonly pid: number
  /** Asks it to drain, for at most `graceMs`, close its executor and end. */
  stop(graceMs: number): void
  /** Urges it: SIGTERM. */
  terminate(): void
  /** Ends it, whatever it does: SIGKILL. */
  kill(): void
  /** Why it may be late, for a start that was given up; null when nothing is known. */
  whyLate?(): string | null
  /** Makes it fail, for tests. @throws UNSUPPORTED where it cannot fail alone */
  fault(fault: Fault): void
}

/** What a host tells of itself: ready or failed at most once, `exited` exactly once and last. */
export interface HostEvents {
  readonly ready: (address: Address) => void
  readonly failed: (failure: StartFailure) => void
  /** One line that it printed, without its line feed. */
  readonly line: (text: string) => void
  /** It is gone; one sentence, such as `exited with code 1`, and its code where it has one. */
  readonly exited: (reason: string, code?: number) => void
}
