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

/** Time between two attempts to connect or to learn the endpoints, as in Jina (jina.md 4.4). */
const retryMs = 1000

/** How long the start waits for the first attempt, so that the first request finds a server that is up. */
const firstTrialMs = 2000

export interface ServerInit {
  /** Its name among the replicas of its shard, and in messages. */
  readonly name: string
  readonly shard: number
  readonly address: Address
  /**
   * True for a discovered server, which comes and goes: it gets requests from when it has described itself until its
   * connection is lost or it announces that it leaves. A static server gets requests for every endpoint from the start,
   * however often its connection is lost.
   */
  readonly isReplica: boolean
}

export interface ServerTools {
  readonly clock: Clock
  /** Logs a sentence. */
  say(sentence: string): void
}

/**
 * An external server that is a replica of a stage. It need not be up when the Flow starts: it is dialled again until it
 * answers.
 *
 * 1. It is asked for its identity on every connection. A discovered server that turns out to be another pod is not listed.
 *    A static server gets requests before it has answered, and refuses misdirected ones itself, because each request names
 *    its recipient.
 * 2. At most one such question is in flight.
 */
export class ExternalServer {
  readonly #stage: LiveStage
  readonly #init: ServerInit
  readonly #clock: Clock
  readonly #say: (sentence: string) => void
  #isAsking = false
  /** The last sentence logged about it, so that none is repeated. */
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

  /** Resolves after the first attempt, or after `firstTrialMs`; further attempts go on in the background. Never rejects. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(firstTrialMs, resolve)
      void this.#try().then(() => {
        cancel()
        resolve()
      })
    })
  }

  /** Stops sending it requests. Those in flight may finish, for `graceMs`. */
  async close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#closed = true
    this.#cancel()
    await this.#unlist(graceMs)
  }

  /**
   * Refuses a server that has the name of another shard's Service: Jina's export for Kubernetes names a pod after its
   * Service.
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

  /** Dials, and tries again later if that fails; requests get UNAVAILABLE until then. */
  async #try(): Promise<void> {
    await this.#open().catch(() => this.#later(() => void this.#try()))
  }

  async #open(): Promise<void> {
    const { address, isReplica } = this.#init
    const channel = await dial(address, {
      endsWithConnection: isReplica,
      recipient: this.#recipient,
      forwardHeaders: this.#stage.spec.forwardHeaders,
      sendsParts: this.#stage.spec.sendsParts === true,
      docarray: this.#stage.spec.docarray ?? null,
      onReconnect: () => void this.#learnAgain(channel),
    })
    if (isReplica) await this.#learn(channel).catch((error: unknown) => giveUp(channel, error))
    if (this.#closed) return channel.close()
    this.#openedAt = this.#clock.monotonic()
    this.#pool.add(this.#init.name, channel, { label: labelOf(address) ?? this.#init.name })
    void channel.closed.then(() => this.#reopen()) // never rejects, by contract
    if (!isReplica) void this.#learnAgain(channel)
  }

  /** Dials again: at once, or after a pause if the last connection was short. */
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

  /** Asks for the description. A peer that does not support the question counts as a server of unknown endpoints. */
  async #learn(channel: Channel): Promise<void> {
    const description = await channel.describe().catch((error: unknown) => {
      if (MillraceError.from(error).code === 'UNSUPPORTED') return unknownDescription
      throw error
    })
    this.#check(description)
    this.#stage.describe(this.#init.name, description)
  }

  /** Asks until there is an answer, unless that is in progress already. */
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

  /** @throws UNAVAILABLE when the server is another pod; that is also logged, once */
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
