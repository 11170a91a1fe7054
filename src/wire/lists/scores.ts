import { field, fieldOf } from '../../document/fields.js'
import { Reader } from '../../lib/protobuf/reader.js'
import type { Outline } from './outline.js'

/** The values of a Document's scores by name, in their order on the wire. Throws MALFORMED. */
export function scoresOf({ bytes, scoresFrom, scoresEnd }: Outline): Map<string, number> {
  const scores = new Map<string, number>()
  const reader = new Reader(bytes, scoresFrom, scoresEnd)
  while (!reader.done) {
    const tag = reader.tag()
    if (fieldOf(tag) === field.scores) addEntry(scores, reader.nested())
    else reader.skip(tag)
  }
  return scores
}

function addEntry(scores: Map<string, number>, entry: Reader): void {
  let name = ''
  let value = 0
  while (!entry.done) {
    const tag = entry.tag()
    if (tag === 10) name = entry.string()
    else if (tag === 18) value = valueOf(entry.nested())
    else entry.skip(tag)
  }
  scores.set(name, value)
}

function valueOf(score: Reader): number {
  let value = 0
  while (!score.done) {
    const tag = score.tag()
    if (tag === 13) value = score.float()
    else score.skip(tag)
  }
  return value
}
