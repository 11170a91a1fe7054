/**
 * Which shards a request goes to: one of them, all, or the ones that its documents belong to.
 *
 * `ANY` takes the least loaded shard, `ALL` asks every shard and merges the answers, `KEY` sends each document to the shard
 * that its key decides on (see `placeOf`).
 */
export type Polling = 'ANY' | 'ALL' | 'KEY'

/** By endpoint; `*` is every other one. */
export type PollingTable = Readonly<Record<string, Polling>>

/** Jina's own entries (jina.md 3.3). */
const builtIn: PollingTable = { '/index': 'ANY', '/search': 'ALL' }

/**
 * The whole table of what the user wrote; undefined when that cannot be used.
 *
 * As in Jina a single word is for the endpoints that are not built in: `/index` stays `ANY` and `/search` `ALL`. `KEY`,
 * which Jina does not have, is for all but `/search`: a document is found by its key only where it was placed by it.
 */
export function resolvePolling(given: unknown): PollingTable | undefined {
  if (given === 'KEY') return { '/search': 'ALL', '*': 'KEY' }
  if (isPolling(given)) return { ...builtIn, '*': given }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined
  const entries = Object.entries(given)
  const usable = entries.every(([endpoint, polling]) => isEndpoint(endpoint) && isPolling(polling))
  return usable ? { ...builtIn, '*': 'ANY', ...Object.fromEntries(entries) } : undefined
}

/** How an endpoint is polled. The dry run asks whether all are there. */
export function pollingOf(table: PollingTable, endpoint: string): Polling {
  if (endpoint === '_jina_dry_run_') return 'ALL'
  return (Object.hasOwn(table, endpoint) ? table[endpoint] : table['*']) ?? 'ANY'
}

function isPolling(value: unknown): value is Polling {
  return value === 'ANY' || value === 'ALL' || value === 'KEY'
}

function isEndpoint(path: string): boolean {
  return path === '*' || path.startsWith('/')
}
