import { MillraceError } from '../errors.js'
import { dominatorsOf } from './origin.js'
import { entry, lastOf, type Node } from './graph.js'

/** A part of a graph through which documents of a stream go one by one. */
export interface Segment<S extends Node> {
  /**
   * What a document passes at once before it reaches `stage`: branches, and stages that no answer waits for, in the order of
   * their edges. They need each other, or the document.
   */
  readonly branches: readonly S[]
  /** The stage at the end, whose documents go on one by one; undefined in the last segment, whose documents are the answer. */
  readonly stage: S | undefined
}

/** The segments of a graph, or the stage because of which it has none. */
export type Segments<S extends Node> =
  | { readonly kind: 'segments'; readonly segments: readonly Segment<S>[] }
  | { readonly kind: 'crossing'; readonly stage: S }

/**
 * Divides a graph at the stages that every way from the gateway to its last stage goes through. `crossing`: a stage that no
 * answer waits for joins stages of several segments, where one document may have become many. `ordered`: in the order of
 * their edges.
 */
export function segmentsOf<S extends Node>(ordered: readonly S[]): Segments<S> {
  const indexes = new Map(ordered.map(({ name }, index) => [name, index]))
  const needs = ordered.map((stage) => stage.needs.map((name) => indexes.get(name) ?? -1))
  const spine = spineOf(ordered, needs)
  const branches: S[][] = Array.from({ length: spine.length + 1 }, () => [])
  /** The segment in which what a stage passes on is used. */
  const behind: number[] = []
  for (const [index, stage] of ordered.entries()) {
    const place = spine.indexOf(index)
    const segments = new Set(needs[index]!.map((need) => (need < 0 ? 0 : behind[need]!)))
    if (segments.size > 1) return { kind: 'crossing', stage }
    const [segment = 0] = segments
    behind.push(place < 0 ? segment : place + 1)
    if (place < 0) branches[segment]!.push(stage)
  }
  const segments = branches.map((own, at) => ({ branches: own, stage: ordered[spine[at] ?? -1] }))
  return { kind: 'segments', segments }
}

/** Why streams cannot go through a graph. */
export function noStreams({ name, needs }: Node): MillraceError {
  const list = needs.map((need) => (need === entry ? 'the request' : `'${need}'`)).join(' and ')
  return new MillraceError(
    'UNSUPPORTED',
    `Streams (streamDoc) do not go through this Flow: '${name}', which no answer waits for, needs ${list}, and in a stream there may be many documents of the one for each of the other. Use post(), or let '${name}' need only one of them.`,
    { notRun: true },
  )
}

/** Indexes of the stages that every way to the last one goes through, the last one included. */
function spineOf(ordered: readonly Node[], needs: readonly (readonly number[])[]): readonly number[] {
  const last = lastOf(ordered)
  if (last === undefined) return []
  const dominators = dominatorsOf(needs)
  const spine: number[] = []
  for (let at = ordered.indexOf(last); at >= 0; at = dominators[at]!) spine.unshift(at)
  return spine
}
