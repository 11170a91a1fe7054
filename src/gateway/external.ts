import type { Pool } from '../balancer/pool.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { dial } from '../transport/index.js'
import type { Address, Channel } from '../transport/transport.js'
import type { LiveStage } from './stage.js'

/** As Jina waits between two trials to learn the endpoints of a peer (jina.md 4.4). */
const retryMs = 1000

/** How long a Flow waits for the first trial, so that its first request finds a server that is up. */
const firstTrialMs = 2000

/**
 * A server of somebody else that takes part in a stage. It need not be there when the Flow starts: it is dialled again
 * until it answers, and called for every endpoint until it has said which it serves.
 */
export class External {
  readonly #stage: LiveStage
  readonly #name: string
  readonly #address: Address
  readonly #clock: Clock
  #cancel: () => void = () => {}
  #closed = false

  constructor(stage: LiveStage, index: number, address: Address, clock: Clock) {
    this.#stage = stage
    this.#name = `${stage.name}/external-${index}`
    this.#address = address
    this.#clock = clock
  }

  /** Resolves after the first trial, or when that takes longer than `firstTrialMs`; it goes on by itself. Never rejects. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(firstTrialMs, resolve)
      void this.#try().then(() => {
        cancel()
        resolve()
      })
    })
  }

  get #pool(): Pool {
    return this.#stage.shards[0].pool // somebody else's server has its shards for itself
  }

  close(): void {
    this.#closed = true
    this.#cancel()
  }

  /** It may come up later; requests say UNAVAILABLE until then. */
  async #try(): Promise<void> {
    await this.#open().catch(() => this.#later(() => void this.#try()))
  }

  async #open(): Promise<void> {
    const channel = await dial(this.#address)
    if (this.#closed) return channel.close()
    this.#pool.add(this.#name, channel, labelOf(this.#address) ?? this.#name)
    void channel.closed.then(() => this.#reopen()) // never rejects, by contract
    this.#learn(channel)
  }

  async #reopen(): Promise<void> {
    if (this.#closed) return
    await this.#pool.remove(this.#name, { graceMs: 0 })
    this.#stage.forget(this.#name)
    this.#later(() => void this.#try())
  }

  #learn(channel: Channel): void {
    channel.describe().then(
      (description) => this.#stage.describe(this.#name, description),
      (error: unknown) => {
        if (MillraceError.from(error).code !== 'UNSUPPORTED') this.#later(() => this.#learn(channel))
      },
    )
  }

  #later(work: () => void): void {
    if (!this.#closed) this.#cancel = this.#clock.after(retryMs, work)
  }
}

function labelOf(address: Address): string | undefined {
  return address.kind === 'grpc' ? `${address.host}:${address.port}` : undefined
}
