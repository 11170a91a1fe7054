import { Pool } from '../balancer/pool.js'
import type { Description, Handler, StreamHandler } from '../call/call.js'
import type { Clock } from '../lib/clock.js'
import { catchAll, type Stage } from '../topology/stage.js'
import type { Channel } from '../transport/transport.js'
import { isWriteByName } from '../wire/description.js'
import type { StageLoad } from './events.js'
import { Liveness } from './liveness.js'
import type { StageSpec } from './spec.js'
import { stageStack } from './stack.js'

export interface StageTools {
  readonly clock: Clock
  readonly random: () => number
  /** A request waits, and the stage has no replica. */
  onDemand?(stage: string): void
  /** A replica does not answer; told every second. */
  onSilent?(stage: string, pod: string, silentMs: number): void
}

/** One stage of a running gateway: its replicas, its stack of layers, and what it serves. */
export class LiveStage implements Stage {
  readonly spec: StageSpec
  readonly pool: Pool
  readonly handle: Handler
  readonly stream: StreamHandler
  readonly endpoints = (): ReadonlySet<string> | undefined => this.#endpoints
  readonly #descriptions = new Map<string, Description>()
  readonly #liveness: Liveness | undefined
  #endpoints: ReadonlySet<string> | undefined

  constructor(spec: StageSpec, tools: StageTools) {
    const { clock, random } = tools
    const { name, balance, queue, timeoutSendMs } = spec
    this.spec = spec
    this.pool = new Pool({
      stage: name,
      policy: balance,
      queue,
      timeoutSendMs,
      clock,
      random,
      onDemand: () => tools.onDemand?.(name),
    })
    this.handle = stageStack(spec, this.pool, {
      clock,
      random,
      isWrite: (endpoint) => this.#isWrite(endpoint),
    })
    this.stream = this.pool.stream
    const { silentMs } = spec
    if (silentMs !== null) {
      const onSilent = (pod: string, ms: number): void => tools.onSilent?.(name, pod, ms)
      this.#liveness = new Liveness(this.pool, { silentMs, clock, onSilent })
    }
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

  async close(options: { readonly graceMs: number }): Promise<void> {
    this.#liveness?.close()
    await this.pool.close(options)
  }

  /** Resolves when it has answered what it had; from the call on its name is free for another one. */
  async unlist(pod: string, options: { readonly graceMs: number }): Promise<void> {
    const removed = this.pool.remove(pod, options)
    // the last description stays: with nobody there, what was served is the better answer
    if (this.#descriptions.size > 1) this.#descriptions.delete(pod)
    this.#settle()
    await removed
  }

  /** What a peer lists is what it says; of an endpoint that its `/default` serves, the name decides. */
  #isWrite(endpoint: string): boolean {
    const { description } = this
    if (description?.writeEndpoints.includes(endpoint)) return true
    const ownWord = this.spec.external.length === 0 && description?.endpoints.includes(endpoint) === true
    if (ownWord) return false
    return isWriteByName(endpoint) || description?.writeEndpoints.includes(catchAll) === true
  }

  /** A peer that lists nothing does not know discovery: it is called for everything (jina.md 4.4). */
  #settle(): void {
    const lists = [...this.#descriptions.values()].map(({ endpoints }) => endpoints)
    this.#endpoints = lists.some((list) => list.length === 0) ? undefined : new Set(lists.flat())
  }
}
