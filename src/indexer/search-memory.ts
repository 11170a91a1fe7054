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

/** A result row. */
export interface Hit extends Pick<StoredRow, 'id' | 'document'> {
  /** May be missing unless it was requested. */
  readonly vector?: Float32Array
  readonly score: number
}

/** Multiplications between two turns of the event loop: some milliseconds. */
const workAtOnce = 16_000_000

/** With fewer rows for each requested match, most rows are worth scoring, and skipping gains nothing. */
const rowsForEach = 100

interface ScoredSlot extends Scored {
  readonly slot: number
}

/** The nearest rows of each query, exactly. */
export async function searchMemory(
  memory: Memory,
  { metric, question }: { metric: Metric; question: Question },
): Promise<Hit[][]> {
  const { probes, limit, withEmbeddings, signal } = question
  const mask = await maskOf(memory, question)
  const tops = probes.map(() => new Top<ScoredSlot>(limit))
  const take = (slot: number, score: number): ScoredSlot => ({ id: memory.ids[slot]!, score, slot })
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
  const hitOf = ({ id, score, slot }: ScoredSlot): Hit => {
    const hit = { id, score, document: memory.documents[slot]! }
    return withEmbeddings ? { ...hit, vector: vectors.get(slot) } : hit
  }
  return tops.map((top) => top.sorted().map(hitOf))
}

/** Rows between two looks at the clock. */
const rowsUnwatched = 8

/** 1 for every row that passes the condition; undefined without a condition. */
async function maskOf(memory: Memory, { condition, signal }: Question): Promise<Uint8Array | undefined> {
  if (condition === undefined) return undefined
  const { exact, test } = condition
  const mask = new Uint8Array(memory.length)
  // an exact condition reads only the id and columns of a Document
  const stand = new Document()
  const turns = new Turns(signal)
  for (let slot = 0; slot < mask.length; slot++) {
    const due = slot % rowsUnwatched === 0 ? turns.due() : undefined
    if (due !== undefined) await due
    if (exact) {
      stand.id = memory.ids[slot]!
      stand.tags = memory.tags[slot]!
    }
    if (test(exact ? stand : documentOf(memory.rowAt(slot), true))) mask[slot] = 1
  }
  return mask
}
