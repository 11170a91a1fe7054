import { performance } from 'node:perf_hooks'
import { Document, type DocumentArray, type Response } from 'millrace'
import type { Posts } from '../sharded-search/command.js'
import { countDocuments } from '../sharded-search/document-frequencies.js'
import { countFound, idOf, passagesOf } from '../sharded-search/passages.js'
import { type HybridSearch, hybridSearch } from './flow.js'

/** Candidates of each search, and how many of them are left at the end. */
const parameters = { limit: 20, fusion: { limit: 3 } }

/** Indexes posts by words and by vectors, and searches for passages both ways, and by words only. */
export async function tutorial({ posts, workspace, say }: Posts): Promise<void> {
  await using flow = await hybridSearch({ workspace, frequencies: countDocuments(posts) }).start()
  await index(flow, posts, say)
  const passages = passagesOf(posts)

  const both = await search(flow, passages)
  say(`\nSearch ${passages.length} passages by words and vectors, 3 matches each`)
  say(`  ${countFound(both.docs)} found the post that they are from; stages: ${stagesOf(both)}`)
  say(`  The first one is from ${idOf(0)}:`)
  sayMatches(both.docs.at(0)!, say)

  const exact = passages.map(
    ({ id, text, tags }) => new Document({ id, text, tags: { ...tags, exact: true } }),
  )
  const words = await search(flow, exact)
  say('\nSearch them by exact words only')
  say(`  ${countFound(words.docs)} found the post that they are from; stages: ${stagesOf(words)}`)
  sayMatches(words.docs.at(0)!, say)

  const mixed = await search(
    flow,
    passages.map((passage, at) => (at % 2 === 0 ? passage : exact[at]!)),
  )
  say('\nSearch every second one by exact words only, in one request')
  say(`  ${countBoth(mixed.docs)} of ${mixed.docs.length} have matches of both searches`)
}

async function index(flow: HybridSearch, posts: readonly string[], say: Posts['say']): Promise<void> {
  function* documents(): Generator<Document> {
    for (const [position, text] of posts.entries()) yield new Document({ id: idOf(position), text })
  }
  const start = performance.now()
  await flow.post('/index', documents)
  say(`\nIndex ${posts.length} posts in both indexes in ${((performance.now() - start) / 1000).toFixed(1)} s`)
}

async function search(flow: HybridSearch, queries: readonly Document[]): Promise<Response> {
  const [response] = await flow.post('/search', queries, { parameters, returnResponses: true })
  return response!
}

function sayMatches({ matches }: Document, say: Posts['say']): void {
  for (const { id, scores } of matches) {
    const shown = ['rrf', 'bm25', 'cosine'].map((name) => `${name} ${scores[name]?.value.toFixed(3) ?? '–'}`)
    say(`    ${id}: ${shown.join(', ')}`)
  }
}

/** How many queries have matches from the vector index. */
function countBoth(docs: DocumentArray): number {
  return [...docs].filter(({ matches }) => [...matches].some(({ scores }) => scores.cosine !== undefined))
    .length
}

function stagesOf({ routes }: Response): string {
  return routes.map(({ executor }) => executor).join(', ')
}
