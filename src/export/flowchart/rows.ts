import type { Arrow, Chart } from './chart.js'

/** A place in a row: that of a box, or of an arrow that passes the row. */
export interface Spot {
  readonly id: string
  readonly arrow: Arrow | undefined
}

export type Row = readonly Spot[]

/** How often rows are sorted, once forwards and once backwards each time. */
const sweeps = 4

/**
 * Assigns the boxes of a chart to rows, each behind all boxes that lead to it (longest path), the last box in the last row; and sorts each
 * row by the average position of its neighbours, so that few arrows cross (Sugiyama, Tagawa and Toda, 1981).
 */
export function rowsOf({ boxes, arrows }: Chart): readonly Row[] {
  const depths = depthsOf({ boxes, arrows })
  const rows: Spot[][] = Array.from({ length: Math.max(...depths.values()) + 1 }, () => [])
  for (const { id } of boxes) rows[depths.get(id)!]!.push({ id, arrow: undefined })
  /** Ids of the spots that are next to each other on an arrow. */
  const links: [string, string][] = []
  for (const [index, arrow] of arrows.entries()) {
    let before = arrow.from
    for (let depth = depths.get(arrow.from)! + 1; depth < depths.get(arrow.to)!; depth++) {
      const id = `arrow ${index} at ${depth}`
      rows[depth]!.push({ id, arrow })
      links.push([before, id])
      before = id
    }
    links.push([before, arrow.to])
  }
  const forwards = neighbours(links.map(([from, to]) => [to, from]))
  const backwards = neighbours(links)
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let at = 1; at < rows.length; at++) sortRow(rows[at]!, rows[at - 1]!, forwards)
    for (let at = rows.length - 2; at >= 0; at--) sortRow(rows[at]!, rows[at + 1]!, backwards)
  }
  return rows
}

function depthsOf({ boxes, arrows }: Chart): ReadonlyMap<string, number> {
  const known = new Map<string, number>()
  const depthOf = (id: string): number => {
    const found = known.get(id)
    if (found !== undefined) return found
    const depth = arrows.reduce(
      (most, { from, to }) => (to === id ? Math.max(most, depthOf(from) + 1) : most),
      0,
    )
    known.set(id, depth)
    return depth
  }
  for (const { id } of boxes) depthOf(id)
  const last = boxes.at(-1)!.id
  return known.set(last, Math.max(...known.values()))
}

function neighbours(links: readonly (readonly [string, string])[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const [from, to] of links) found.set(from, [...(found.get(from) ?? []), to])
  return found
}

/** Spots without neighbours keep their place. */
function sortRow(row: Spot[], other: Row, links: ReadonlyMap<string, readonly string[]>): void {
  const positions = new Map(other.map(({ id }, at) => [id, at / other.length]))
  const keys = new Map(
    row.map((spot, at) => {
      const near = links.get(spot.id) ?? []
      const sum = near.reduce((total, id) => total + positions.get(id)!, 0)
      return [spot, near.length === 0 ? at / row.length : sum / near.length]
    }),
  )
  row.sort((left, right) => keys.get(left)! - keys.get(right)!)
}
