import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { originsOf } from './origin.js'

/** Stages in the order of their edges; each needs some of the earlier ones, or the request (-1). */
const graph = fc
  .array(
    fc.record({ picks: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), hasCondition: fc.boolean() }),
    {
      minLength: 1,
      maxLength: 9,
    },
  )
  .map((drafts) =>
    drafts.map(({ picks, hasCondition }, index) => ({
      needs: [...new Set(picks.map((pick) => (pick % (index + 1)) - 1))],
      when: hasCondition ? {} : undefined,
    })),
  )

test('is the last stage that every way from the request to the join goes through', () => {
  fc.assert(
    fc.property(graph, (stages) => {
      /** Every way from the request to a stage, both included. */
      const waysTo = (index: number): number[][] =>
        index < 0
          ? [[-1]]
          : stages[index]!.needs.flatMap((need) => waysTo(need)).map((way) => [...way, index])
      const found = originsOf(
        stages.map(({ when }) => ({ when, joinsChanges: true })),
        stages.map(({ needs }) => needs),
      )
      for (const [index, { needs, when }] of stages.entries()) {
        if (needs.length === 1) {
          expect(found[index]).toBeUndefined()
          continue
        }
        const ways = waysTo(index)
        const shared = ways[0]!.filter((stage) => stage !== index && ways.every((way) => way.includes(stage)))
        const origin = shared.at(-1)!
        const isWhole = needs.map(
          (need) =>
            when === undefined &&
            waysTo(need).every((way) =>
              way.slice(way.indexOf(origin) + 1).every((stage) => stages[stage]!.when === undefined),
            ),
        )
        expect(found[index]).toEqual({ index: origin, isWhole })
      }
    }),
  )
})
