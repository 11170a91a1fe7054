import { type Place, placesIn } from './list.js'
import { type Outline, outlineOf } from './outline.js'
import { Rope } from './rope.js'
import type { Share, Split } from './split.js'

/** Positions that wait for a Document of an id, the first one at the end. */
type Turns = Map<string, number[]>

/** A Document of an answer and its position in the request; undefined while it has none. */
interface Answered {
  readonly document: Outline
  position: number | undefined
}

/**
 * The answers of shards put into the order of the request that was split, in pieces to be written one after the other.
 * `answers` has one for each share of the split, undefined for a shard that gave none.
 *
 * A Document whose id its shard was asked for goes where that one was, a repeated id in turn; one whose id another shard
 * was asked for, to a position that is left. Any other Document goes behind the one that precedes it in its answer, or
 * to the end when none does. Throws MALFORMED.
 */
export function inOrder(split: Split, answers: readonly (Uint8Array | undefined)[]): Uint8Array[] {
  const restored = new Rope()
  const unknown = new Rope()
  const asked = split.map(idsOf)
  const answered = answers.map((answer, index) => {
    if (answer === undefined) return []
    const places = placesIn(answer, (from, end) => unknown.add(answer, from, end))
    const documents = places.map((place) => outlineOf(place, 0))
    return atOwnPositions(documents, asked[index]!, split[index]!.positions)
  })
  atPositionsLeft(
    answered.flat(),
    asked.flat(),
    split.flatMap(({ positions }) => positions),
  )
  for (const { bytes, from, end } of assembled(answered)) restored.add(bytes, from, end)
  restored.append(unknown)
  return restored.pieces()
}

function idsOf({ pieces }: Share): string[] {
  return pieces.flatMap((piece) => placesIn(piece).map((place) => outlineOf(place, 0).id))
}

function atOwnPositions(
  documents: readonly Outline[],
  ids: readonly string[],
  positions: readonly number[],
): Answered[] {
  const isSame = documents.length === ids.length && documents.every(({ id }, at) => id === ids[at])
  if (isSame) return documents.map((document, at) => ({ document, position: positions[at]! }))
  const turns = turnsOf(ids, positions)
  return documents.map((document) => ({ document, position: turns.get(document.id)?.pop() }))
}

/** Documents without an id stay with their shard. */
function atPositionsLeft(
  answered: readonly Answered[],
  ids: readonly string[],
  positions: readonly number[],
): void {
  const unplaced = answered.filter(({ document, position }) => position === undefined && document.id !== '')
  if (unplaced.length === 0) return
  const taken = new Set(answered.map(({ position }) => position))
  const idAt = new Map(positions.map((position, at) => [position, ids[at]!]))
  const left = [...idAt.keys()].filter((position) => !taken.has(position)).sort((a, b) => a - b)
  const turns = turnsOf(
    left.map((position) => idAt.get(position)!),
    left,
  )
  for (const one of unplaced) one.position = turns.get(one.document.id)?.pop()
}

function turnsOf(ids: readonly string[], positions: readonly number[]): Turns {
  const turns: Turns = new Map()
  for (let at = ids.length - 1; at >= 0; at--) {
    const waiting = turns.get(ids[at]!)
    if (waiting === undefined) turns.set(ids[at]!, [positions[at]!])
    else waiting.push(positions[at]!)
  }
  return turns
}

function assembled(answered: readonly (readonly Answered[])[]): Place[] {
  const slots = new Map<number, Place[]>()
  const end: Place[] = []
  for (const answer of answered) {
    let slot = end
    for (const { document, position } of answer) {
      if (position !== undefined) slots.set(position, (slot = []))
      slot.push(document)
    }
  }
  const positions = [...slots.keys()].sort((a, b) => a - b)
  return [...positions.flatMap((position) => slots.get(position)!), ...end]
}
