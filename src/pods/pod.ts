import type { ContainerSettings, Volume } from '../plan/container.js'
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
  /** Milliseconds from spawn to ready; -1 waits for ever. */
  readonly timeoutReadyMs: number
  /** What it runs in; for pods of kind `docker`. Its `executor.module` is a path of the image; null: what the image has. */
  readonly container?: PodContainer | undefined
}

/** The container of one pod, and what it is told of its Flow. */
export interface PodContainer extends Pick<ContainerSettings, 'gpus' | 'resources' | 'envFromSecret'> {
  readonly image: string
  readonly volumes: readonly Volume[]
  /** Name of the Flow. */
  readonly flow: string
  readonly graceMs: number
  readonly maxMessageBytes: number
  readonly requestLimits: RequestLimits
}

/** How a pod ended. `expected` when it was asked to. */
export interface Exit {
  readonly expected: boolean
  /** One sentence: `exited with code 1`, `was killed by SIGKILL`, … */
  readonly reason: string
  /** As shells tell it: 128 and the number of a signal. Null where it has none of its own. */
  readonly code: number | null
  /** The last lines it printed. */
  readonly output: readonly string[]
}

/** A pod that runs; every kind has the same life. */
export interface Pod {
  readonly name: string
  /** The process id, of the process that hosts it. */
  readonly pid: number
  readonly address: Address
  /** Resolves once when the pod has ended, for whatever reason. Never rejects. */
  readonly exited: Promise<Exit>
  /** Drain, `close()` of the executor, exit; after `graceMs` SIGTERM, then SIGKILL. Idempotent, never rejects. */
  stop(options?: { readonly graceMs?: number }): Promise<Exit>
  /** Ends it at once, whatever it does; its exit is not `expected`. An inline pod can only be left behind. */
  kill(): void
  /** Makes it fail, for tests. @throws UNSUPPORTED for an inline pod, which is the program itself */
  fault(fault: Fault): void
}
