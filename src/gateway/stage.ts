import { Pool } from '../balancer/pool.js'
import type { Description, Handler, StreamHandler } from '../call/call.js'
import type { Clock } from '../lib/clock.js'
import type { Stage } from '../topology/stage.js'
import type { Channel } from '../transport/transport.js'
import type { StageLoad } from './events.js'
import type { StageSpec } from './spec.js'
import { stageStack } from './stack.js'

export interface StageTools {
  readonly clock: Clock
  readonly random: () => number
}

/** One stage of a running gateway: its replicas, its stack of layers, and what it serves. */
export class LiveStage implements Stage {
  readonly spec: StageSpec
  readonly pool: Pool
  readonly handle: Handler
  readonly stream: StreamHandler
  readonly endpoints = (): ReadonlySet<string> | undefined => this.#endpoints
  readonly #descriptions = new Map<string, Description>()
  #endpoints: ReadonlySet<string> | undefined

  constructor(spec: StageSpec, tools: StageTools) {
    this.spec = spec
    this.pool = new Pool({ stage: spec.name, policy: spec.balance, ...tools })
    this.handle = stageStack(spec, this.pool, tools)
    this.stream = this.pool.stream
  }

  get name(): string {
    return this.spec.name
  }

  get passThrough(): boolean {
    return this.spec.passThrough
  }

  /** What the first of its replicas said of itself. */
  get description(): Description | undefined {
    return this.#descriptions.values().next().value
  }

  load(): StageLoad {
    return { name: this.name, ...this.pool.load() }
  }

  list(pod: string, channel: Channel, label?: string): void {
    this.pool.add(pod, channel, label)
  }

  describe(pod: string, description: Description): void {
    this.#descriptions.set(pod, description)
    this.#settle()
  }

  async unlist(pod: string, options: { readonly graceMs: number }): Promise<void> {
    await this.pool.remove(pod, options)
    // the last description stays: with nobody there, what was served is the better answer
    if (this.#descriptions.size > 1) this.#descriptions.delete(pod)
    this.#settle()
  }

  /** A peer that lists nothing does not know discovery: it is called for everything (jina.md 4.4). */
  #settle(): void {
    const lists = [...this.#descriptions.values()].map(({ endpoints }) => endpoints)
    this.#endpoints = lists.some((list) => list.length === 0) ? undefined : new Set(lists.flat())
  }
}
