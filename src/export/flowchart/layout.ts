import type { Arrow, Box, Chart } from './chart.js'
import { type Row, rowsOf, type Spot } from './rows.js'

export interface Point {
  readonly x: number
  readonly y: number
}

/** A box with its centre and size, in pixels. */
export interface PlacedBox extends Point {
  readonly box: Box
  readonly width: number
  readonly height: number
}

/** An arrow as a line through points, from the edge of a box to the edge of another. */
export interface PlacedArrow {
  readonly arrow: Arrow
  readonly points: readonly Point[]
}

/** A drawing from (0, 0) to (`width`, `height`). */
export interface Drawing {
  readonly boxes: readonly PlacedBox[]
  readonly arrows: readonly PlacedArrow[]
  readonly width: number
  readonly height: number
  /** Whether arrows go down instead of to the right. */
  readonly isVertical: boolean
}

/** Pixels. A character is no wider than this at 14 px, but for wide scripts. */
const size = { character: 8.5, line: 18, padding: 12, betweenRows: 64, betweenBoxes: 28, margin: 16 }

/**
 * Places the boxes of a chart in rows: each box one row behind the last box that leads to it, so that all arrows go in one
 * direction. An arrow over several rows has a place of its own in those between, so that it crosses no box.
 */
export function layOut(chart: Chart, isVertical: boolean): Drawing {
  const rows = rowsOf(chart)
  const sizes = new Map(chart.boxes.map((box) => [box.id, sizeOf(box)]))
  /** Along the arrows, and across them. */
  const along = (spot: Spot): number => extent(sizes.get(spot.id), isVertical ? 'height' : 'width')
  const across = (spot: Spot): number => extent(sizes.get(spot.id), isVertical ? 'width' : 'height')
  const breadths = rows.map((row) => breadthOf(row, across))
  const widest = Math.max(...breadths)
  const centres = new Map<Spot, Point>()
  /** Where an arrow enters and leaves the row of a spot. */
  const passages = new Map<Spot, readonly Point[]>()
  const pointAt = (main: number, side: number): Point =>
    isVertical ? { x: side, y: main } : { x: main, y: side }
  let front = size.margin
  for (const [index, row] of rows.entries()) {
    const depth = Math.max(...row.map(along))
    let side = size.margin + (widest - breadths[index]!) / 2
    for (const spot of row) {
      const middle = side + across(spot) / 2
      centres.set(spot, pointAt(front + depth / 2, middle))
      passages.set(spot, [pointAt(front, middle), pointAt(front + depth, middle)])
      side += across(spot) + size.betweenBoxes
    }
    front += depth + size.betweenRows
  }
  const length = front - size.betweenRows + size.margin
  const breadth = widest + 2 * size.margin
  const spots = new Map(rows.flat().map((spot) => [spot.id, spot]))
  const boxes = chart.boxes.map((box) => ({
    box,
    ...centres.get(spots.get(box.id)!)!,
    ...sizes.get(box.id)!,
  }))
  const placed = new Map(boxes.map((box) => [box.box.id, box]))
  const arrows = chart.arrows.map((arrow) => {
    const bends = rows.flat().filter((spot) => spot.arrow === arrow)
    const points = [
      edgeOf(placed.get(arrow.from)!, 1, isVertical),
      ...bends.flatMap((spot) => passages.get(spot)!),
      edgeOf(placed.get(arrow.to)!, -1, isVertical),
    ]
    return { arrow, points }
  })
  const [width, height] = isVertical ? [breadth, length] : [length, breadth]
  return { boxes, arrows, width, height, isVertical }
}

function sizeOf({ lines }: Box): { readonly width: number; readonly height: number } {
  const longest = Math.max(...lines.map((line) => [...line].length))
  return {
    width: Math.ceil(longest * size.character) + 2 * size.padding,
    height: lines.length * size.line + 2 * size.padding,
  }
}

/** A bend of an arrow has no size of its own. */
function extent(
  sizes: { readonly width: number; readonly height: number } | undefined,
  side: 'width' | 'height',
): number {
  return sizes?.[side] ?? 0
}

function breadthOf(row: Row, across: (spot: Spot) => number): number {
  return row.reduce((sum, spot) => sum + across(spot), 0) + (row.length - 1) * size.betweenBoxes
}

/** The middle of the side at which arrows begin (1) or end (-1). */
function edgeOf({ x, y, width, height }: PlacedBox, side: 1 | -1, isVertical: boolean): Point {
  return isVertical ? { x, y: y + (side * height) / 2 } : { x: x + (side * width) / 2, y }
}
