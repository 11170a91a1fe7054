import type { Outcome } from './gather.js'
import type { Shard } from './shard.js'

/** Requests of one shard since its gateway started. */
export interface ShardCounts {
  readonly asked: number
  /** Requests that failed or were answered too late. */
  readonly failed: number
}

/** Counts the requests and failures of every shard of a stage. */
export class Tally {
  readonly #asked = new Map<string, number>()
  readonly #failed = new Map<string, number>()

  note(shards: readonly Shard[], outcomes: readonly Outcome[]): void {
    for (const [index, { name }] of shards.entries()) {
      increment(this.#asked, name)
      const { state } = outcomes[index]!
      if (state !== 'ok' && state !== 'dropped') increment(this.#failed, name)
    }
  }

  of(shard: string): ShardCounts {
    return { asked: this.#asked.get(shard) ?? 0, failed: this.#failed.get(shard) ?? 0 }
  }
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
