import { type Document, DocumentArray, Executor, type HandlerContext, requests } from 'millrace'
import { fuseRanks } from './rank-fusion.js'

/** Combines the matches by words (`bm25`) and by vectors (`cosine`, a distance) into one list, ordered by the score `rrf`. */
export class Fusion extends Executor {
  @requests('/search')
  fuse(docs: DocumentArray, { parameters }: HandlerContext): void {
    const limit = Number(parameters.limit ?? 10)
    for (const doc of docs) {
      const matches = [...doc.matches]
      const fused = fuseRanks([
        ranked(matches, 'bm25', (left, right) => right - left),
        ranked(matches, 'cosine', (left, right) => left - right),
      ])
      const best = [...fused].sort(([, left], [, right]) => right - left).slice(0, limit)
      for (const [match, value] of best) match.scores = { ...match.scores, rrf: { value } }
      doc.matches = new DocumentArray(best.map(([match]) => match))
      doc.embedding = undefined
    }
  }
}

function ranked(
  matches: readonly Document[],
  score: string,
  compare: (left: number, right: number) => number,
): Document[] {
  return matches
    .filter(({ scores }) => scores[score] !== undefined)
    .sort((left, right) => compare(left.scores[score]!.value, right.scores[score]!.value))
}
