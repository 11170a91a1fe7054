import { Reader } from '../../../lib/protobuf/reader.js'
import { entriesIn, type Range, valueOf } from './entries.js'

/**
 * The scores of a document of v2 by name, in their order: the numbers of its dict `scores`, or the `value` of each dict in it. Throws
 * MALFORMED.
 */
export function scoresOfV2(document: Range): Map<string, number> {
  const scores = new Map<string, number>()
  const field = entriesIn(document).get('scores')
  const given = field && valueOf(field.node)
  if (given?.kind !== 'dict') return scores
  for (const [name, { node }] of entriesIn(given.content!)) {
    const score = scoreOf(node)
    if (score !== undefined) scores.set(name, score)
  }
  return scores
}

function scoreOf(node: Range): number | undefined {
  const { kind, content } = valueOf(node)
  if (kind === 'dict') {
    const value = entriesIn(content!).get('value')
    return value && numberOf(value.node)
  }
  return numberOf(node)
}

function numberOf(node: Range): number | undefined {
  const { kind, content } = valueOf(node)
  if (kind !== 'float' && kind !== 'integer') return undefined
  const reader = new Reader(content!.bytes, content!.start, content!.end)
  return kind === 'float' ? reader.double() : reader.int32()
}
