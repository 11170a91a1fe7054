/**
 * Which shards get a request: `ANY` sends it to the least loaded shard, `ALL` sends it to every shard and merges the answers,
 * `KEY` sends each document to the shard that its key is assigned to (see `placeOf`).
 */
export type Polling = 'ANY' | 'ALL' | 'KEY'

/** Polling by endpoint; `*` stands for all other endpoints. */
export type PollingTable = Readonly<Record<string, Polling>>

/** Jina's own entries (jina.md 3.3). */
const builtIn: PollingTable = { '/index': 'ANY', '/search': 'ALL' }

/**
 * Completes the user's `polling` option to a table; undefined when the option is invalid.
 *
 * As in Jina, a single word applies to all endpoints except the built-in ones: `/index` stays `ANY` and `/search` stays
 * `ALL`. `KEY`, which Jina does not have, applies to all endpoints except `/search`, and so to `/index` too: a document is
 * found by its key only on the shard that its key was assigned to when it was stored.
 */
export function resolvePolling(given: unknown): PollingTable | undefined {
  if (given === 'KEY') return { '/search': 'ALL', '*': 'KEY' }
  if (isPolling(given)) return { ...builtIn, '*': given }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined
  const entries = Object.entries(given)
  const usable = entries.every(([endpoint, polling]) => isEndpoint(endpoint) && isPolling(polling))
  return usable ? { ...builtIn, '*': 'ANY', ...Object.fromEntries(entries) } : undefined
}

/** The polling of an endpoint. A dry run goes to all shards, because all of them must be ready. */
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
