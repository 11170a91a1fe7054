import type { RolledOut, Scaled, ScaleRequest } from '../control/controlled.js'
import type { FlowStatus } from '../control/status.js'
import type { FlowPlan } from '../plan/flow-plan.js'
import type { OptionTable } from '../plan/option.js'

/**
 * Where a whole Flow runs, gateway included, other than in processes of this program.
 *
 * 1. What runs there goes on when this program ends.
 * 2. A start that fails says what it leaves behind, if anything.
 */
export interface Platform<StartOptions extends object, AttachOptions extends object> {
  readonly startOptions: OptionTable<StartOptions>
  readonly attachOptions: OptionTable<AttachOptions>
  /**
   * Brings a Flow there, over one of the same name that is there already, and resolves when a request through all stages
   * succeeds. `report` gets a sentence now and then about what is waited for.
   */
  start(plan: FlowPlan, options: StartOptions, tools: PlatformTools): Promise<DistantFlow>
  /** One that runs there. @throws NOT_FOUND */
  attach(options: AttachOptions, tools: PlatformTools): Promise<DistantFlow>
  /** All that run there, for `millrace ps`. */
  list(options: AttachOptions): Promise<readonly FlowStatus[]>
}

export interface PlatformTools {
  /** One sentence for the person who waits: what is pulled, what is late and why. */
  report(sentence: string): void
}

/** A Flow that runs somewhere else. */
export interface DistantFlow {
  /** What was started; of one that was found there, what its gateway knows: names, shards, polling, replicas. */
  readonly plan: FlowPlan
  /** Where its gateway is reached from here: `grpc://127.0.0.1:40123`. */
  readonly host: string
  /** As `Flow.scale`: resolves when the new replicas take requests, and those that go have gone. */
  scale(stage: string, request: ScaleRequest): Promise<Scaled>
  rollingUpdate(stage: string, usesWith: Readonly<Record<string, unknown>>): Promise<RolledOut>
  status(): Promise<FlowStatus>
  /** Lets go of it, and with `remove` ends it and takes away all that was made for it, but no volumes. Idempotent. */
  close(options: { readonly remove: boolean }): Promise<void>
}
