import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { awaitedIn, endsOf, hangingIn, inOrder, isChain, lastOf, type Node, writtenNeeds } from './graph.js'

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
          expect(inOrder(stages).map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd'])
        },
      ),
    )
    expect(inOrder([])).toEqual([])
  })

  test('of a graph follow the stages that they need, and are otherwise as listed', () => {
    const listed = nodes('end<left,right', 'left<gateway', 'right<middle', 'middle<gateway', 'other<left')
    expect(namesOf(inOrder(listed))).toEqual(['left', 'middle', 'right', 'end', 'other'])
  })

  test.each([
    ['a stage that needs nothing', nodes('a<'), /'a' needs no stage/],
    ['a name said twice', nodes('a<gateway', 'b<a,a'), /'b': needs names 'a' twice/],
    ['a circle', nodes('a<gateway', 'b<d', 'c<b', 'd<a,c'), /'b' needs 'd' needs 'c' needs 'b'/],
    ['a stage that needs itself', nodes('a<a'), /'a' needs 'a'/],
    ['an unknown name', nodes('encoder<gateway', 'b<encodr'), /'encodr'.*Did you mean 'encoder'/],
    ['a name like no other', nodes('a<gateway', 'b<nobody'), /'nobody'.*There are: 'a'/],
  ])('are refused with %s', (_, stages, message) => {
    expect(() => inOrder(stages)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) }),
    )
  })
})

describe('the answer of a graph', () => {
  const floating = (node: Node): Node => ({ ...node, floating: true })

  test('is that of the last stage that is not floating', () => {
    const [a, b, c] = nodes('a<gateway', 'b<a', 'c<b')
    expect(lastOf([a!, b!, floating(c!)])?.name).toBe('b')
    expect(lastOf([floating(a!)])).toBeUndefined()
    expect(lastOf([])).toBeUndefined()
  })

  test('waits for the stages that it needs, also through others, and for no others', () => {
    const stages = nodes('a<gateway', 'b<gateway', 'side<a', 'c<a,b', 'd<c')
    expect(namesOf([...awaitedIn(stages)]).toSorted()).toEqual(['a', 'b', 'c', 'd'])
    expect(namesOf(hangingIn(stages))).toEqual(['side'])
    expect(awaitedIn([floating(stages[0]!)])).toEqual(new Set())
  })

  test('needsAll joins the ends that do not float, in their order', () => {
    const [a, b, c, d] = nodes('a<gateway', 'b<a', 'c<a', 'd<gateway')
    expect(namesOf(endsOf([a!, b!, floating(c!), d!]))).toEqual(['b', 'd'])
  })
})

test('only needs that differ from the default are written', () => {
  const stages: readonly Node[] = [
    ...nodes('a<gateway', 'b<a'),
    { ...nodes('log<b')[0]!, floating: true },
    ...nodes('c<b', 'd<a', 'e<c,d'),
  ]
  expect([...writtenNeeds(stages).keys()]).toEqual(['d', 'e'])
})

test('a chain has one line of stages and nothing beside it', () => {
  expect(isChain(nodes('a<gateway', 'b<a'))).toBe(true)
  expect(isChain(nodes('a<gateway', 'b<gateway'))).toBe(false)
  expect(isChain(nodes('a<gateway', 'b<a,gateway'))).toBe(false)
  expect(isChain([{ ...nodes('a<gateway')[0]!, floating: true }])).toBe(false)
})

function namesOf(stages: readonly Node[]): readonly string[] {
  return stages.map(({ name }) => name)
}
