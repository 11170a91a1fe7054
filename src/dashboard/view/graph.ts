import type { StageStatus } from '../../control/status.js'

/** A box of the graph, in cells: columns follow the longest path from the gateway. */
export interface Box {
  readonly name: string
  readonly column: number
  readonly row: number
}

export interface Edge {
  readonly from: Box
  readonly to: Box
}

/** The stages of a Flow and what they need, laid out on a grid. */
export interface Graph {
  readonly boxes: readonly Box[]
  readonly edges: readonly Edge[]
  readonly columns: number
  readonly rows: number
}

const gateway = 'gateway'

/** @param stages each after the stages that it needs, as a Flow lists them */
export function graphOf(stages: readonly Pick<StageStatus, 'name' | 'needs'>[]): Graph {
  const boxes = new Map<string, Box>([[gateway, { name: gateway, column: 0, row: 0 }]])
  const taken: number[] = [1]
  for (const { name, needs } of ordered(stages)) {
    const column = 1 + Math.max(0, ...needs.map((need) => boxes.get(need)?.column ?? 0))
    const row = taken[column] ?? 0
    taken[column] = row + 1
    boxes.set(name, { name, column, row })
  }
  const edges = stages.flatMap(({ name, needs }) =>
    needs.flatMap((need) => {
      const [from, to] = [boxes.get(need), boxes.get(name)]
      return from === undefined || to === undefined ? [] : [{ from, to }]
    }),
  )
  return { boxes: [...boxes.values()], edges, columns: taken.length, rows: Math.max(...taken) }
}

/** In topological order: a stage comes after the stages it needs. A cycle, which no Flow has, keeps its order. */
function ordered<S extends Pick<StageStatus, 'name' | 'needs'>>(stages: readonly S[]): readonly S[] {
  const names = new Set(stages.map(({ name }) => name))
  const done: S[] = []
  let left = [...stages]
  while (left.length > 0) {
    const seen = new Set(done.map(({ name }) => name))
    const free = left.filter(({ needs }) => needs.every((need) => !names.has(need) || seen.has(need)))
    const next = free.length > 0 ? free : left
    done.push(...next)
    left = left.filter((stage) => !next.includes(stage))
  }
  return done
}
