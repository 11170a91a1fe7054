import type { ExecutorClass } from '../executor/executor.js'
import type { Address } from '../transport/transport.js'
import type { ProfileOrder } from '../observe/profile/profile-order.js'
import type { StartStep } from '../worker/construct.js'
import type { Fault } from './fault.js'
import type { PodSpec } from './pod.js'
import type { StartFailure } from './start-failure.js'

/** Starts a host. Failures are reported through `events`; where it throws, nothing was started. */
export type Driver = (spec: PodSpec, events: HostEvents, options: HostOptions) => Host

export interface HostOptions {
  /** The class, for a pod on this thread. */
  readonly executorClass?: ExecutorClass | undefined
}

/** Where a worker runs: a child process, a thread, a container, or this thread. Contains only the mechanism to control it. */
export interface Host {
  readonly pid: number
  /** Asks it to drain for at most `graceMs`, close its executor and exit. */
  stop(graceMs: number): void
  /** Sends SIGTERM. */
  terminate(): void
  /** Sends SIGKILL. */
  kill(): void
  /** Why a start that timed out may have been slow; null when not known. */
  whyLate?(): string | null
  /** Profiles its thread. Rejects with UNSUPPORTED, and what to use instead, where that is not possible. */
  profile(order: ProfileOrder): Promise<void>
  /** Injects a fault, for tests. @throws UNSUPPORTED where it would hit the program itself */
  fault(fault: Fault): void
}

/** Events of a host: `ready` or `failed` at most once, `exited` exactly once and last. */
export interface HostEvents {
  /** It has begun the next step of its start. */
  readonly step: (step: StartStep) => void
  readonly ready: (address: Address) => void
  readonly failed: (failure: StartFailure) => void
  /** Its process got SIGTERM, perhaps together with the whole process group; it keeps serving until it is stopped. */
  readonly terminated: () => void
  /** One line of output, without the line feed. */
  readonly line: (text: string) => void
  /** It has exited: the reason, such as `exited with code 1`, and the exit code where there is one. */
  readonly exited: (reason: string, code?: number) => void
}
