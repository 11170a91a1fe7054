import type { ContainerSettings, Volume } from '../plan/container.js'
import type { ProfileOrder } from '../observe/profile/profile-order.js'
import type { PythonSource } from '../plan/python.js'
import type { Address } from '../transport/transport.js'
import type { RequestLimits } from '../wire/request-limits.js'
import type { ExecutorSpec } from '../worker/spec.js'
import type { Fault } from './fault.js'

/** One replica to run, as plain data. */
export interface PodSpec {
  /** `exec/rep-0`, as Jina names it. */
  readonly name: string
  readonly deployment: string
  readonly replica: number
  readonly executor: ExecutorSpec
  readonly env: Readonly<Record<string, string>>
  /** Milliseconds from spawn to ready; -1 waits forever. */
  readonly timeoutReadyMs: number
  /** The container, for pods of kind `docker`. `executor.module` is a path in the image then; null is the image's own Executor. */
  readonly container?: PodContainer | undefined
  /** The class, for pods of kind `python`, whose `executor.module` is null. */
  readonly python?: PodPython | undefined
}

/** An Executor in Python: see `PythonSource`. */
export interface PodPython extends Omit<PythonSource, 'kind'> {
  /** Absolute path. */
  readonly interpreter: string
}

/** The container of one pod, and the settings of its Flow. */
export interface PodContainer extends Pick<ContainerSettings, 'gpus' | 'resources' | 'envFromSecret'> {
  readonly image: string
  readonly volumes: readonly Volume[]
  /** Name of the Flow. */
  readonly flow: string
  readonly graceMs: number
  readonly maxMessageBytes: number
  readonly requestLimits: RequestLimits
}

/** How a pod exited. `expected`: it was stopped. */
export interface Exit {
  readonly expected: boolean
  /** One sentence: `exited with code 1`, `was killed by SIGKILL`, … */
  readonly reason: string
  /** Exit code as shells report it: 128 plus the number of a signal. Null for a pod without its own process or thread. */
  readonly code: number | null
  /** The last lines that it printed. */
  readonly output: readonly string[]
  /**
   * Whether it was ended from outside: by a signal that programs do not send to themselves, `kill()` without a reason, or
   * `fault()`.
   */
  readonly isFromOutside: boolean
}

/** A running pod; all kinds have the same lifecycle. */
export interface Pod {
  readonly name: string
  /** Id of the process that hosts it. */
  readonly pid: number
  readonly address: Address
  /** Resolves when the pod has exited, for any reason. Never rejects. */
  readonly exited: Promise<Exit>
  /** Drains, closes the executor and exits; SIGTERM after `graceMs`, then SIGKILL. Idempotent, never rejects. */
  stop(options?: { readonly graceMs?: number }): Promise<Exit>
  /**
   * Kills it at once; its exit is not `expected`, and has `why` as its reason, such as `hung`. An inline pod cannot be killed,
   * only abandoned.
   */
  kill(why?: string): void
  /** Profiles its thread. Rejects with UNSUPPORTED for a container, UNAVAILABLE when it exits, and what `takeProfile` throws. */
  profile(order: ProfileOrder): Promise<void>
  /** Injects a fault, for tests. @throws UNSUPPORTED for an inline pod, which is the program itself */
  fault(fault: Fault): void
}
