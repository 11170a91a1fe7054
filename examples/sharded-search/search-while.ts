import { performance } from 'node:perf_hooks'
import type { Document, Flow } from 'millrace'
import { countFound } from './passages.js'

/** Consecutive searches answered by the same number of shards. */
export interface Stretch {
  /** Seconds since the first search. */
  readonly since: number
  readonly ok: number
  readonly total: number
  searches: number
  /** Number of queries of the last search that found their post. */
  found: number
  /** Why a shard failed. */
  readonly failure: string | undefined
}

/** Repeats a search until `isOver`, which is checked after each answer. */
export async function searchWhile(
  flow: Flow<string>,
  queries: readonly Document[],
  isOver: (last: Stretch) => Promise<boolean>,
): Promise<Stretch[]> {
  const start = performance.now()
  const stretches: Stretch[] = []
  for (;;) {
    const [response] = await flow.post('/search', queries, {
      returnResponses: true,
      parameters: { limit: 3 },
    })
    const { ok, total, failures = [] } = response!.shards!
    const found = countFound(response!.docs)
    let last = stretches.at(-1)
    if (last?.ok !== ok) {
      const [failure] = failures
      last = {
        since: (performance.now() - start) / 1000,
        ok,
        total,
        searches: 0,
        found,
        failure: failure && `${failure.shard}: ${failure.code}`,
      }
      stretches.push(last)
    }
    last.searches++
    last.found = found
    if (await isOver(last)) return stretches
  }
}
