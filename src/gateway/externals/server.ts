import type { Pool } from '../../balancer/pool.js'
import { MillraceError } from '../../errors.js'
import type { Clock } from '../../lib/clock.js'
import { dial } from '../../transport/index.js'
import type { Address, Channel } from '../../transport/transport.js'
import { unknownDescription } from '../../wire/description.js'
import type { LiveStage } from '../stage.js'

/** As Jina waits between two trials to learn the endpoints of a peer (jina.md 4.4). */
const retryMs = 1000

/** How long a Flow waits for the first trial, so that its first request finds a server that is up. */
const firstTrialMs = 2000

export interface ServerInit {
  /** Among the replicas of its shard, and in messages. */
  readonly name: string
  readonly shard: number
  readonly address: Address
  /**
   * One that comes and goes: it takes requests from when it has said what it serves until its connection is lost or it says
   * that it leaves. Otherwise it is called for every endpoint from the first, however often its connection is lost.
   */
  readonly isReplica: boolean
}

/**
 * A server of somebody else that takes part in a stage. It need not be there when the Flow starts: it is dialled again
 * until it answers.
 */
export class ExternalServer {
  readonly #stage: LiveStage
  readonly #init: ServerInit
  readonly #clock: Clock
  #cancel: () => void = () => {}
  #openedAt = 0
  #closed = false

  constructor(stage: LiveStage, init: ServerInit, clock: Clock) {
    this.#stage = stage
    this.#init = init
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

  /** Takes part no more. What it has it may finish, for `graceMs`. */
  async close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#closed = true
    this.#cancel()
    await this.#unlist(graceMs)
  }

  get #pool(): Pool {
    return this.#stage.shards[this.#init.shard]!.pool
  }

  /** It may come up later; requests say UNAVAILABLE until then. */
  async #try(): Promise<void> {
    await this.#open().catch(() => this.#later(() => void this.#try()))
  }

  async #open(): Promise<void> {
    const { address, isReplica } = this.#init
    const channel = await dial(address, { endsWithConnection: isReplica })
    if (isReplica) await this.#learn(channel).catch((error: unknown) => giveUp(channel, error))
    if (this.#closed) return channel.close()
    this.#openedAt = this.#clock.monotonic()
    this.#pool.add(this.#init.name, channel, labelOf(address) ?? this.#init.name)
    void channel.closed.then(() => this.#reopen()) // never rejects, by contract
    if (!isReplica) void this.#learnSome(channel)
  }

  /** At once, unless it hangs up again and again. */
  async #reopen(): Promise<void> {
    if (this.#closed) return
    const wasShort = this.#clock.monotonic() - this.#openedAt < retryMs
    await this.#unlist(0)
    if (wasShort) this.#later(() => void this.#try())
    else await this.#try()
  }

  async #unlist(graceMs: number): Promise<void> {
    const { name } = this.#init
    const removed = this.#pool.remove(name, { graceMs })
    this.#stage.forget(name)
    await removed
  }

  /** A peer that does not know the question, or does not answer it to us, has answered it. */
  async #learn(channel: Channel): Promise<void> {
    const description = await channel.describe().catch((error: unknown) => {
      if (MillraceError.from(error).code === 'UNSUPPORTED') return unknownDescription
      throw error
    })
    this.#stage.describe(this.#init.name, description)
  }

  /** Asks until there is an answer. */
  async #learnSome(channel: Channel): Promise<void> {
    await this.#learn(channel).catch(() => this.#later(() => void this.#learnSome(channel)))
  }

  #later(work: () => void): void {
    if (!this.#closed) this.#cancel = this.#clock.after(retryMs, work)
  }
}

async function giveUp(channel: Channel, error: unknown): Promise<never> {
  await channel.close()
  throw error
}

function labelOf(address: Address): string | undefined {
  return address.kind === 'grpc' ? `${address.host}:${address.port}` : undefined
}
