import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inChain, type Node } from './chain.js'

/** `c<b` needs b; `c<a,b` needs both. */
function nodes(...edges: readonly string[]): Node[] {
  return edges.map((edge) => {
    const [name = '', needs = ''] = edge.split('<')
    return { name, needs: needs.split(',').filter(Boolean) }
  })
}

describe('stages by their edges', () => {
  test('are in the order in which a request visits them, however they are listed', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(nodes('a<gateway', 'b<a', 'c<b', 'd<c'), { minLength: 4 }),
        (stages) => {
          expect(inChain(stages).map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd'])
        },
      ),
    )
    expect(inChain([])).toEqual([])
  })

  test.each([
    ['a fork', nodes('a<gateway', 'b<a', 'c<a'), 'UNSUPPORTED', /'c' needs 'a', and so does 'b'/],
    [
      'a fork of the gateway',
      nodes('a<gateway', 'b<gateway'),
      'UNSUPPORTED',
      /'b' needs 'gateway', and so does 'a'/,
    ],
    ['a join', nodes('a<gateway', 'b<a', 'c<a,b'), 'UNSUPPORTED', /'c' needs 'a' and 'b'/],
    ['a stage that needs nothing', nodes('a<'), 'UNSUPPORTED', /'a' needs no stage/],
    [
      'a circle',
      nodes('a<gateway', 'b<d', 'c<b', 'd<c'),
      'INVALID_OPTION',
      /'b' needs 'd' needs 'c' needs 'b'/,
    ],
    ['a stage that needs itself', nodes('a<a'), 'INVALID_OPTION', /'a' needs 'a'/],
    [
      'an unknown name',
      nodes('encoder<gateway', 'b<encodr'),
      'INVALID_OPTION',
      /'encodr'.*Did you mean 'encoder'/,
    ],
    ['a name like no other', nodes('a<gateway', 'b<nobody'), 'INVALID_OPTION', /'nobody'.*There are: 'a'/],
  ])('are refused with %s', (_, stages, code, message) => {
    expect(() => inChain(stages)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    )
  })
})
