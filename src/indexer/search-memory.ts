import { setImmediate as turn } from 'node:timers/promises'
import type { Memory } from './memory.js'
import type { Metric } from './metric.js'
import { type Question, requireWanted } from './question.js'
import { documentOf, idsOf, type StoredRow } from './rows.js'
import { scanRows } from './scan.js'
import type { Version } from './store.js'
import { type Scored, Top } from './top.js'

/** A row that was found. */
export interface Hit extends StoredRow {
  readonly score: number
}

/** Multiplications after which sockets are looked at: some milliseconds. */
const workAtOnce = 4_000_000

interface Place extends Scored {
  readonly place: number
}

/** The nearest rows of each query, exactly, from memory that holds this very version. */
export async function searchMemory(
  memory: Memory,
  version: Version,
  { metric, question }: { metric: Metric; question: Question },
): Promise<Hit[][]> {
  const { probes, limit, signal } = question
  const mask = await maskOf(memory, version, question)
  const tops = probes.map(() => new Top<Place>(limit))
  const take = (place: number, score: number): Place => ({ id: memory.ids[place]!, score, place })
  const { block, length } = memory
  const rowsATurn = Math.max(512, Math.floor(workAtOnce / (block.dim * Math.max(1, probes.length))))
  for (let from = 0; from < length; from += rowsATurn) {
    if (from > 0) await turn()
    requireWanted(signal)
    scanRows({ metric, probes, tops, take }, { block, from, to: Math.min(length, from + rowsATurn), mask })
  }
  return tops.map((top) => top.sorted().map(({ place, score }) => ({ ...memory.rowAt(place), score })))
}

/** 1 for every row that passes the condition; undefined when there is none. */
async function maskOf(
  memory: Memory,
  { table }: Version,
  { condition, signal }: Question,
): Promise<Uint8Array | undefined> {
  if (condition === undefined) return undefined
  const { sql, exact, test } = condition
  const mask = new Uint8Array(memory.length)
  if (sql === undefined) mask.fill(1)
  else {
    for await (const batch of table.query().select(['id']).where(sql)) {
      requireWanted(signal)
      for (const id of idsOf(batch)) mask[memory.placeOf(id)!] = 1
    }
  }
  if (exact) return mask
  for (let place = 0; place < mask.length; place++) {
    if (place % 1024 === 1023) {
      await turn()
      requireWanted(signal)
    }
    if (mask[place] === 1 && !test(documentOf(memory.rowAt(place), true))) mask[place] = 0
  }
  return mask
}
