import type { Pool } from '../../balancer/pool.js'
import type { Description } from '../../call/call.js'
import { MillraceError } from '../../errors.js'
import { authority } from '../../lib/authority.js'
import type { Clock } from '../../lib/clock.js'
import { dial } from '../../transport/index.js'
import type { Address, Channel } from '../../transport/transport.js'
import { unknownDescription } from '../../wire/description.js'
import type { Recipient } from '../../wire/identity.js'
import { recipientOf, requireRecipient } from '../identity.js'
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

export interface ServerTools {
  readonly clock: Clock
  /** A sentence for the log. */
  say(sentence: string): void
}

/**
 * A server of somebody else that takes part in a stage. It need not be there when the Flow starts: it is dialled again
 * until it answers.
 *
 * 1. It is asked who it is on every connection. A replica that is another pod is not listed; any other server gets requests
 *    before it has answered, and refuses them by itself, because each says whom it is for.
 * 2. At most one of these questions is under way.
 */
export class ExternalServer {
  readonly #stage: LiveStage
  readonly #init: ServerInit
  readonly #clock: Clock
  readonly #say: (sentence: string) => void
  #isAsking = false
  /** What was last said of it in the log. */
  #said = ''
  #cancel: () => void = () => {}
  #openedAt = 0
  #closed = false

  constructor(stage: LiveStage, init: ServerInit, { clock, say }: ServerTools) {
    this.#stage = stage
    this.#init = init
    this.#clock = clock
    this.#say = say
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

  /**
   * Jina's export for Kubernetes gives a pod the name of its Service. One that has the name of another shard is that shard.
   * @throws UNAVAILABLE
   */
  #requireNoSibling({ jinaDeployment: name }: Description): void {
    const named = this.#stage.spec.external.find(
      ({ address }) => address.kind === 'grpc' && address.host.split('.')[0] === name,
    )
    if (named === undefined || named.shard === this.#init.shard) return
    throw new MillraceError('UNAVAILABLE', `It says that it is ${name}, which is another shard.`, {
      notRun: true,
    })
  }

  get #recipient(): Recipient {
    const { spec } = this.#stage
    return recipientOf(spec, this.#init.shard, spec.flow)
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
    const channel = await dial(address, {
      endsWithConnection: isReplica,
      recipient: this.#recipient,
      forwardHeaders: this.#stage.spec.forwardHeaders,
      onReconnect: () => void this.#learnAgain(channel),
    })
    if (isReplica) await this.#learn(channel).catch((error: unknown) => giveUp(channel, error))
    if (this.#closed) return channel.close()
    this.#openedAt = this.#clock.monotonic()
    this.#pool.add(this.#init.name, channel, { label: labelOf(address) ?? this.#init.name })
    void channel.closed.then(() => this.#reopen()) // never rejects, by contract
    if (!isReplica) void this.#learnAgain(channel)
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
    this.#check(description)
    this.#stage.describe(this.#init.name, description)
  }

  /** Asks until there is an answer, unless it is being asked already. */
  async #learnAgain(channel: Channel): Promise<void> {
    if (this.#isAsking) return
    this.#isAsking = true
    await this.#learnSome(channel)
  }

  async #learnSome(channel: Channel): Promise<void> {
    try {
      await this.#learn(channel)
      this.#isAsking = false
    } catch {
      this.#later(() => void this.#learnSome(channel))
    }
  }

  /** @throws UNAVAILABLE when it is another pod, which is also logged, once */
  #check(description: Description): void {
    try {
      requireRecipient(description, this.#recipient)
      this.#requireNoSibling(description)
      this.#said = ''
    } catch (error) {
      const { name, address, shard } = this.#init
      const set = this.#stage.shards[shard]!.name
      const sentence = `No request for ${set} is run at ${labelOf(address) ?? name}. ${MillraceError.from(error).message}`
      if (sentence !== this.#said) this.#say(sentence)
      this.#said = sentence
      throw error
    }
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
  return address.kind === 'grpc' ? authority(address.host, address.port) : undefined
}
