import { Slice, type Sliced } from '../../lib/slices.js'
import { lengthOf } from '../pieces.js'
import { identifiedIn } from './formats.js'
import type { FieldRange, Identified } from './list.js'
import { Rope } from './rope.js'
import type { Share, Split } from './split.js'

/** Positions to be filled by Documents with an id, the first one at the end. */
type Turns = Map<string, number[]>

/** The ids that were sent to a shard, and the positions of their Documents in the request. */
interface Asked {
  readonly ids: readonly string[]
  readonly positions: readonly number[]
}

/** A Document of an answer and its position in the request; undefined while it has none. */
interface Answered {
  readonly document: Identified
  position: number | undefined
}

/**
 * Puts the answers of shards into the order of the request that was split, in pieces to be written one after the other.
 * `answers` has one entry for each share of the split, undefined for a shard that did not answer. Where all answer with what
 * they were sent, as most writes do, the result is the list that was split, `request`.
 *
 * A Document with an id that was sent to its shard takes that position; Documents with a repeated id take these in turn. One
 * with an id that was sent to another shard takes a position that is left over. Any other Document follows its predecessor
 * in its answer, or goes to the end without one. In slices. Throws MALFORMED.
 */
export function* inOrder(
  split: Split,
  answers: readonly (Uint8Array | undefined)[],
  request?: Uint8Array,
): Sliced<Uint8Array[]> {
  if (request !== undefined && (yield* areUnchanged(split, answers))) return [request]
  const unknown = new Rope()
  const asked: Asked[] = []
  const answered: Answered[][] = []
  for (const [index, share] of split.entries()) {
    const one = { ids: yield* idsOf(share), positions: share.positions }
    asked.push(one)
    const answer = answers[index]
    if (answer === undefined) continue
    const documents = yield* identifiedIn(answer, (from, end) => unknown.add(answer, from, end))
    answered.push(yield* atOwnPositions(documents, one))
  }
  yield* atPositionsLeft(answered, asked)
  const restored = yield* assembled(answered)
  restored.append(unknown)
  return yield* restored.pieces()
}

/** Whether all answers have the bytes that were sent. */
function* areUnchanged(split: Split, answers: readonly (Uint8Array | undefined)[]): Sliced<boolean> {
  const slice = new Slice()
  for (const [index, { pieces }] of split.entries()) {
    const answer = answers[index]
    if (answer?.length !== lengthOf(pieces)) return false
    let at = 0
    for (const piece of pieces) {
      // far cheaper than other steps, whatever the bytes are
      if (slice.isFull(piece.length >> 4)) yield
      if (Buffer.compare(piece, answer.subarray(at, at + piece.length)) !== 0) return false
      at += piece.length
    }
  }
  return true
}

function* idsOf({ pieces }: Share): Sliced<string[]> {
  const ids: string[] = []
  for (const piece of pieces) {
    for (const { id } of yield* identifiedIn(piece)) ids.push(id)
  }
  return ids
}

function* atOwnPositions(documents: readonly Identified[], { ids, positions }: Asked): Sliced<Answered[]> {
  const isSame = documents.length === ids.length && documents.every(({ id }, at) => id === ids[at])
  if (isSame) return documents.map((document, at) => ({ document, position: positions[at]! }))
  const slice = new Slice()
  const turns = yield* turnsOf(ids, positions)
  const answered: Answered[] = []
  for (const document of documents) {
    if (slice.isFull(0)) yield
    answered.push({ document, position: turns.get(document.id)?.pop() })
  }
  return answered
}

/** Documents without an id stay with their shard. */
function* atPositionsLeft(answered: readonly (readonly Answered[])[], asked: readonly Asked[]): Sliced<void> {
  const slice = new Slice()
  const unplaced: Answered[] = []
  const isTaken: boolean[] = []
  for (const answer of answered) {
    for (const one of answer) {
      if (slice.isFull(0)) yield
      if (one.position !== undefined) isTaken[one.position] = true
      else if (one.document.id !== '') unplaced.push(one)
    }
  }
  if (unplaced.length === 0) return
  const idAt: string[] = []
  for (const { ids, positions } of asked) {
    for (const [at, position] of positions.entries()) {
      if (slice.isFull(0)) yield
      if (isTaken[position] !== true) idAt[position] = ids[at]!
    }
  }
  const turns: Turns = new Map()
  for (let position = idAt.length - 1; position >= 0; position--) {
    if (slice.isFull(0)) yield
    const id = idAt[position]
    if (id !== undefined) addTurn(turns, id, position)
  }
  for (const one of unplaced) {
    if (slice.isFull(0)) yield
    one.position = turns.get(one.document.id)?.pop()
  }
}

function* turnsOf(ids: readonly string[], positions: readonly number[]): Sliced<Turns> {
  const slice = new Slice()
  const turns: Turns = new Map()
  for (let at = ids.length - 1; at >= 0; at--) {
    if (slice.isFull(0)) yield
    addTurn(turns, ids[at]!, positions[at]!)
  }
  return turns
}

function addTurn(turns: Turns, id: string, position: number): void {
  const waiting = turns.get(id)
  if (waiting === undefined) turns.set(id, [position])
  else waiting.push(position)
}

/** By position, each followed by the Documents without a position after it; those before any position come last. */
function* assembled(answered: readonly (readonly Answered[])[]): Sliced<Rope> {
  const slice = new Slice()
  const slots: (FieldRange[] | undefined)[] = []
  const end: FieldRange[] = []
  for (const answer of answered) {
    let slot = end
    for (const { document, position } of answer) {
      if (slice.isFull(0)) yield
      if (position !== undefined) slots[position] = slot = []
      slot.push(document)
    }
  }
  const rope = new Rope()
  slots.push(end)
  for (const slot of slots) {
    if (slice.isFull(0)) yield
    for (const { bytes, from, end: to } of slot ?? []) rope.add(bytes, from, to)
  }
  return rope
}
