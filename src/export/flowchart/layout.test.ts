import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Arrow, Box, Chart } from './chart.js'
import { layOut, type PlacedBox, type Point } from './layout.js'

/** A chart of stages with some arrows from earlier boxes. */
const charts: fc.Arbitrary<Chart> = fc
  .array(
    fc.record({
      from: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      name: fc.string({ minLength: 1 }),
    }),
    {
      minLength: 1,
      maxLength: 10,
    },
  )
  .map((stages) => {
    const boxes: Box[] = ['gateway', ...stages.map(({ name }) => name), 'gateway'].map((name, index) => ({
      id: `b${index}`,
      kind: 'stage',
      lines: [name, 'what'],
    }))
    const arrowTo = (from: number, to: number): Arrow => ({
      from: `b${from}`,
      to: `b${to}`,
      isAwaited: true,
      label: '',
    })
    const arrows = stages.flatMap(({ from }, index) =>
      [...new Set(from.map((one) => one % (index + 1)))].map((one) => arrowTo(one, index + 1)),
    )
    return { boxes, arrows: [...arrows, arrowTo(stages.length, stages.length + 1)] }
  })

const isInside = ({ x, y }: Point, box: PlacedBox): boolean =>
  Math.abs(x - box.x) < box.width / 2 - 0.01 && Math.abs(y - box.y) < box.height / 2 - 0.01

it('lets no boxes overlap and no arrow turn back or cross a box, within the drawing', () => {
  fc.assert(
    fc.property(charts, fc.boolean(), (chart, isVertical) => {
      const { boxes, arrows, width, height } = layOut(chart, isVertical)
      expect(boxes.map(({ box }) => box)).toEqual(chart.boxes)
      for (const [index, one] of boxes.entries()) {
        expect(one.x - one.width / 2).toBeGreaterThan(0)
        expect(one.y - one.height / 2).toBeGreaterThan(0)
        expect(one.x + one.width / 2).toBeLessThan(width)
        expect(one.y + one.height / 2).toBeLessThan(height)
        for (const other of boxes.slice(index + 1)) {
          const apart =
            Math.abs(one.x - other.x) >= (one.width + other.width) / 2 ||
            Math.abs(one.y - other.y) >= (one.height + other.height) / 2
          expect(apart).toBe(true)
        }
      }
      for (const { points } of arrows) {
        const along = points.map(({ x, y }) => (isVertical ? y : x))
        expect(along).toEqual(along.toSorted((left, right) => left - right))
        for (const [index, to] of points.slice(1).entries()) {
          const from = points[index]!
          // within a row an arrow is straight, so it crosses no box if it does not at some points on its way
          for (const part of [0, 0.25, 0.5, 0.75, 1]) {
            const point = { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part }
            const isStraight = isVertical ? from.x === to.x : from.y === to.y
            if (isStraight || part === 0 || part === 1)
              expect(boxes.filter((box) => isInside(point, box))).toEqual([])
          }
        }
      }
    }),
    { numRuns: 200 },
  )
})

it('has the gateway at both ends, and a join behind the longest of its branches', () => {
  const box = (id: string): Box => ({ id, kind: 'stage', lines: [id] })
  const arrow = (from: string, to: string): Arrow => ({ from, to, isAwaited: true, label: '' })
  const { boxes } = layOut(
    {
      boxes: ['in', 'a', 'b', 'join', 'log', 'out'].map(box),
      arrows: [
        ...[arrow('in', 'a'), arrow('a', 'b'), arrow('in', 'join'), arrow('b', 'join'), arrow('join', 'out')],
        { ...arrow('a', 'log'), isAwaited: false },
      ],
    },
    false,
  )
  const order = new Set(boxes.toSorted((left, right) => left.x - right.x).map(({ x }) => x))
  const rowOf = (id: string): number => [...order].indexOf(boxes.find((one) => one.box.id === id)!.x)
  expect(['in', 'a', 'b', 'log', 'join', 'out'].map(rowOf)).toEqual([0, 1, 2, 2, 3, 4])
})
