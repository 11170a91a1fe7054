import { MillraceError } from '../errors.js'
import { Reader } from '../lib/protobuf/reader.js'
import type { Writer } from '../lib/protobuf/writer.js'
import { setOwn } from './struct.js'

/** A score with a description of its origin; float32 on the wire. */
export interface NamedScore {
  value: number
  opName?: string
  description?: string
  /** Id of the Document that it refers to. */
  refId?: string
}

/** Scores by name, which is that of the metric by default. */
export type Scores = Record<string, NamedScore>

/** Writes map<string, NamedScoreProto> as `field`. */
export function encodeScores(writer: Writer, field: number, scores: Scores): void {
  for (const [name, score] of Object.entries(scores)) {
    if (typeof score?.value !== 'number') {
      throw new MillraceError(
        'INVALID_INPUT',
        `Score '${name}' must be { value: number }, got ${JSON.stringify(score)}.`,
      )
    }
    const entry = writer.fork(field)
    writer.string(1, name)
    const mark = writer.fork(2)
    writer.float(1, score.value)
    if (score.opName) writer.string(2, score.opName)
    if (score.description) writer.string(3, score.description)
    if (score.refId) writer.string(4, score.refId)
    writer.join(mark)
    writer.join(entry)
  }
}

/** Reads one entry of the map into `scores`. */
export function decodeScore(bytes: Uint8Array, scores: Scores): void {
  const reader = new Reader(bytes)
  let name = ''
  let score: NamedScore = { value: 0 }
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 10) name = reader.string()
    else if (tag === 18) score = decodeNamedScore(reader.bytes())
    else reader.skip(tag)
  }
  setOwn(scores, name, score)
}

function decodeNamedScore(bytes: Uint8Array): NamedScore {
  const reader = new Reader(bytes)
  const score: NamedScore = { value: 0 }
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 13) score.value = reader.float()
    else if (tag === 18) score.opName = reader.string()
    else if (tag === 26) score.description = reader.string()
    else if (tag === 34) score.refId = reader.string()
    else reader.skip(tag)
  }
  return score
}
