import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { dial } from '../transport/index.js'
import type { Address, Channel } from '../transport/transport.js'
import type { LiveStage } from './stage.js'

/** As Jina waits between two trials to learn the endpoints of a peer (jina.md 4.4). */
const retryMs = 1000

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

  open(): void {
    void this.#open().catch(() => this.#later(() => this.open())) // it may come up later; requests say UNAVAILABLE until then
  }

  close(): void {
    this.#closed = true
    this.#cancel()
  }

  async #open(): Promise<void> {
    const channel = await dial(this.#address)
    if (this.#closed) return channel.close()
    this.#stage.list(this.#name, channel, labelOf(this.#address) ?? this.#name)
    void channel.closed.then(() => this.#reopen()) // never rejects, by contract
    this.#learn(channel)
  }

  async #reopen(): Promise<void> {
    if (this.#closed) return
    await this.#stage.unlist(this.#name, { graceMs: 0 })
    this.#later(() => this.open())
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
