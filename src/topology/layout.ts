import type { Reduce } from '../shards/reduce.js'
import type { Condition } from './condition.js'
import { awaitedIn, lastOf, type Node } from './graph.js'
import { type Origin, originsOf } from './origin.js'
import type { Stage } from './stage.js'

/** A stage of a graph. */
export interface GraphStage extends Stage, Node {
  /** Makes one request of the answers of the stages that it needs, when these are several. */
  readonly join: Reduce
  /** Whether `join` is told what the branches began with. */
  readonly joinsChanges?: boolean
  /** What requests must fulfil to reach it; undefined: nothing. */
  readonly when?: Condition | undefined
}

/** A stage and its edges, by index. */
export interface Vertex {
  readonly index: number
  readonly stage: GraphStage
  /** Indexes of the vertices that it needs; -1 is the request of the client. */
  readonly needs: readonly number[]
  /** In the order of the stages. */
  readonly followers: readonly Vertex[]
  /** Whether the answer to the client waits for it. */
  readonly isAwaited: boolean
  /** For a join of changes: what its branches began with. */
  readonly origin: Origin | undefined
  /** How many joins of changes begin with this vertex. */
  readonly joinsBegun: number
}

/** A graph as requests go through it; computed once. */
export interface Layout {
  readonly vertices: readonly Vertex[]
  /** The vertices that need the request of the client. */
  readonly origins: readonly Vertex[]
  /** The vertex whose answer the client gets; undefined when the answer waits for no stage. */
  readonly last: Vertex | undefined
  /** Where each stage comes in the routes of a response: depth first from the gateway, as in Jina (`add_route`). */
  readonly ranks: ReadonlyMap<string, number>
}

/** `stages` in the order of their edges. */
export function layoutOf(stages: readonly GraphStage[]): Layout {
  const indexes = new Map(stages.map(({ name }, index) => [name, index]))
  const awaited = awaitedIn(stages)
  const needs = stages.map((stage) => stage.needs.map((name) => indexes.get(name) ?? -1))
  const begun = originsOf(stages, needs)
  const drafts = stages.map((stage, index) => ({
    index,
    stage,
    needs: needs[index]!,
    followers: [] as Vertex[],
    isAwaited: awaited.has(stage),
    origin: begun[index],
    joinsBegun: begun.filter((origin) => origin?.index === index).length,
  }))
  const origins: Vertex[] = []
  for (const vertex of drafts) {
    for (const need of vertex.needs) (drafts[need]?.followers ?? origins).push(vertex)
  }
  const last = lastOf(stages)
  return {
    vertices: drafts,
    origins,
    last: last && drafts[stages.indexOf(last)],
    ranks: ranksOf(origins),
  }
}

function ranksOf(origins: readonly Vertex[]): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>()
  const rank = ({ stage, followers }: Vertex): void => {
    if (ranks.has(stage.name)) return
    ranks.set(stage.name, ranks.size)
    for (const follower of followers) rank(follower)
  }
  for (const origin of origins) rank(origin)
  return ranks
}
