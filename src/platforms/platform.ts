import type { RolledOut, Scaled, ScaleRequest } from '../control/controlled.js'
import type { FlowStatus } from '../control/status.js'
import type { FlowPlan } from '../plan/flow-plan.js'
import type { OptionTable } from '../plan/option.js'
import type { ClientTls } from '../tls/client-tls.js'
import type { FlowOutput } from './output/source.js'

/**
 * A platform that runs a whole Flow, gateway included, outside this program.
 *
 * 1. A Flow on a platform keeps running when this program exits.
 * 2. A failed start reports what it leaves behind, if anything.
 */
export interface Platform<StartOptions extends object, AttachOptions extends object> {
  readonly startOptions: OptionTable<StartOptions>
  readonly attachOptions: OptionTable<AttachOptions>
  /**
   * Deploys a Flow, updating one of the same name; resolves when a request through all stages succeeds. `report` gets a
   * sentence from time to time about what the start waits for. Rejects with the reason of `signal` when that aborts first.
   */
  start(plan: FlowPlan, options: StartOptions, tools: StartTools): Promise<RemoteFlow>
  /** Attaches to a running Flow. @throws NOT_FOUND */
  attach(options: AttachOptions, tools: PlatformTools): Promise<RemoteFlow>
  /** All running Flows, for `millrace ps`. */
  list(options: AttachOptions): Promise<readonly FlowStatus[]>
  /** Looks at a running Flow again and again. Attaches to nothing: `close` it. @throws NOT_FOUND */
  observe(options: AttachOptions): Promise<ObservedFlow>
  /** The output of a running Flow's containers. Attaches to nothing: `close` it. @throws NOT_FOUND */
  output(options: AttachOptions): Promise<FlowOutput>
}

/** A running Flow that is looked at, with a connection to its platform. */
export interface ObservedFlow {
  /** @throws NOT_FOUND after it was removed, FORBIDDEN, UNAVAILABLE */
  status(): Promise<FlowStatus>
  /**
   * Resolves after the next change of one of its containers, or earlier. Rejects when `signal` aborts.
   *
   * @throws FORBIDDEN, UNAVAILABLE
   */
  changed(signal: AbortSignal): Promise<void>
  close(): void
}

/** What a platform gets from its caller. */
export interface PlatformTools {
  /** Receives one sentence of progress for the user: what is being pulled, what is late and why. */
  report(sentence: string): void
}

/** What a start gets from its caller; `signal` cancels it. */
export interface StartTools extends PlatformTools {
  readonly signal: AbortSignal
}

/** A Flow on a platform. */
export interface RemoteFlow {
  /** The plan that was started. After `attach`: what its gateway knows (names, shards, polling, replicas). */
  readonly plan: FlowPlan
  /** Address of its gateway from here: `grpc://127.0.0.1:40123`. */
  readonly host: string
  /** How clients of this program use TLS there; null when nothing is known. */
  readonly tls: ClientTls | null
  /** As `Flow.scale`: resolves when new replicas take requests and surplus ones have stopped. */
  scale(stage: string, request: ScaleRequest): Promise<Scaled>
  rollingUpdate(stage: string, usesWith: Readonly<Record<string, unknown>>): Promise<RolledOut>
  status(): Promise<FlowStatus>
  /** Detaches; with `remove` stops the Flow and deletes everything created for it, except volumes. Idempotent. */
  close(options: { readonly remove: boolean }): Promise<void>
}
