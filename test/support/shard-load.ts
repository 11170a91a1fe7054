import { setTimeout as pause } from 'node:timers/promises'
import { Client, MillraceError } from 'millrace'

/** A document, and its shard. */
export interface Kept {
  readonly id: string
  readonly shard: unknown
}

/** Milliseconds between two requests of a sender. */
const everyMs = 5

/**
 * Repeatedly writes documents to a stage of `Keeper`s, which already has them, and reads all of them, until it is
 * stopped. Whatever happens to the pods meanwhile, an answer must have every document, from the shard that keeps it.
 */
export class ShardLoad {
  /** Descriptions of wrong answers. */
  readonly wrong: string[] = []
  /** Error codes of failed requests. */
  readonly failures = new Set<string>()
  /** Number of answered reads. */
  reads = 0
  /** Number of answered writes. */
  writes = 0
  readonly #host: () => string
  readonly #kept: readonly Kept[]
  readonly #senders: readonly Promise<void>[]
  #over = false

  constructor(host: () => string, kept: readonly Kept[]) {
    this.#host = host
    this.#kept = kept
    const write = (client: Client, turn: number): Promise<void> => this.#write(client, turn)
    const read = (client: Client): Promise<void> => this.#read(client)
    this.#senders = [write, write, read, read].map((once) => this.#send(once))
  }

  /** Stops; resolves when the last requests are answered or have failed. */
  async end(): Promise<void> {
    this.#over = true
    await Promise.all(this.#senders)
  }

  async #send(once: (client: Client, turn: number) => Promise<void>): Promise<void> {
    for (let turn = 0; !this.#over; ) {
      try {
        await using client = new Client({ host: this.#host() })
        for (; !this.#over; turn++) {
          await once(client, turn)
          await pause(everyMs)
        }
      } catch (error) {
        this.failures.add(MillraceError.from(error).code)
        turn++
        await pause(everyMs)
      }
    }
  }

  async #write(client: Client, turn: number): Promise<void> {
    const { id } = this.#kept[turn % this.#kept.length]!
    await client.post('/index', [{ id, text: id }])
    this.writes++
  }

  async #read(client: Client): Promise<void> {
    const found = new Map((await keptBy(client)).map(({ id, shard }) => [id, shard]))
    const astray = this.#kept.filter(({ id, shard }) => found.get(id) !== shard)
    if (astray.length > 0 || found.size !== this.#kept.length) {
      const ids = astray.map(({ id }) => id).join(', ')
      this.wrong.push(`${found.size} documents, and not by their shards: ${ids}`)
    }
    this.reads++
  }
}

/** The documents of all `Keeper`s of a stage. */
export async function keptBy(client: Client): Promise<readonly Kept[]> {
  const [doc] = await client.post('/search', ['all'])
  return [...doc!.matches].map(({ id, tags }) => ({ id, shard: tags.shardId }))
}

export function byId(one: { readonly id: string }, other: { readonly id: string }): number {
  return one.id < other.id ? -1 : 1
}
