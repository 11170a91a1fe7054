import { setImmediate as turn } from 'node:timers/promises'
import { Document } from '../document/index.js'
import type { Memory } from './memory.js'
import type { Metric } from './metric.js'
import { type Question, requireWanted } from './question.js'
import { documentOf, type StoredRow } from './rows.js'
import { scanRows } from './scan-rows.js'
import { Screen } from './screen.js'
import { type Scored, Top } from './top.js'
import { Turns } from './turns.js'

/** A row that was found. */
export interface Hit extends Pick<StoredRow, 'id' | 'document'> {
  /** May be missing unless it is wanted. */
  readonly vector?: Float32Array
  readonly score: number
}

/** Multiplications after which sockets are looked at: some milliseconds. */
const workAtOnce = 16_000_000

/** With fewer rows for each match wanted, so many are worth scoring that leaving others out gains nothing. */
const rowsForEach = 100

interface Place extends Scored {
  readonly place: number
}

/** The nearest rows of each query, exactly. */
export async function searchMemory(
  memory: Memory,
  { metric, question }: { metric: Metric; question: Question },
): Promise<Hit[][]> {
  const { probes, limit, withEmbeddings, signal } = question
  const mask = await maskOf(memory, question)
  const tops = probes.map(() => new Top<Place>(limit))
  const take = (place: number, score: number): Place => ({ id: memory.ids[place]!, score, place })
  const { vectors, codes, length } = memory
  const screen = limit * rowsForEach <= length ? new Screen(codes, probes) : undefined
  const rowsATurn = Math.max(512, Math.floor(workAtOnce / (vectors.dim * Math.max(1, probes.length))))
  for (let from = 0; from < length; from += rowsATurn) {
    if (from > 0) await turn()
    requireWanted(signal)
    scanRows(
      { metric, probes, tops, take, screen },
      { vectors, from, to: Math.min(length, from + rowsATurn), mask },
    )
  }
  const hitOf = ({ id, score, place }: Place): Hit => {
    const hit = { id, score, document: memory.documents[place]! }
    return withEmbeddings ? { ...hit, vector: vectors.get(place) } : hit
  }
  return tops.map((top) => top.sorted().map(hitOf))
}

/** Rows between two looks at the clock. */
const rowsUnwatched = 8

/** 1 for every row that passes the condition; undefined when there is none. */
async function maskOf(memory: Memory, { condition, signal }: Question): Promise<Uint8Array | undefined> {
  if (condition === undefined) return undefined
  const { exact, test } = condition
  const mask = new Uint8Array(memory.length)
  // of a Document an exact condition looks at nothing but id and columns
  const stand = new Document()
  const turns = new Turns(signal)
  for (let place = 0; place < mask.length; place++) {
    const due = place % rowsUnwatched === 0 ? turns.due() : undefined
    if (due !== undefined) await due
    if (exact) {
      stand.id = memory.ids[place]!
      stand.tags = memory.tags[place]!
    }
    if (test(exact ? stand : documentOf(memory.rowAt(place), true))) mask[place] = 1
  }
  return mask
}
