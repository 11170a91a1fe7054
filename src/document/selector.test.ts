import { describe, expect, it } from 'vitest'
import { Document, DocumentArray } from './index.js'

/** Three roots with three chunks of two matches each, and two matches each. */
function tree(): DocumentArray {
  const count = (length: number, make: (index: number) => Document): Document[] =>
    Array.from({ length }, (_, at) => make(at))
  return new DocumentArray(
    count(
      3,
      (root) =>
        new Document({
          id: `${root}`,
          chunks: count(
            3,
            (chunk) =>
              new Document({
                id: `${root}c${chunk}`,
                matches: count(2, (at) => new Document({ id: `${root}c${chunk}m${at}` })),
              }),
          ),
          matches: count(2, (at) => new Document({ id: `${root}m${at}` })),
        }),
    ),
  )
}

const select = (selector: string): string =>
  Array.from(tree().traverse(selector), (document) => document.id).join(' ')

describe('traverse', () => {
  it.each([
    ['@r', '0 1 2'],
    ['@c', '0c0 0c1 0c2 1c0 1c1 1c2 2c0 2c1 2c2'],
    ['@m', '0m0 0m1 1m0 1m1 2m0 2m1'],
    ['@r[0]cm', '0c0m0 0c0m1 0c1m0 0c1m1 0c2m0 0c2m1'],
    ['@r[0]c[0:2]m', '0c0m0 0c0m1 0c1m0 0c1m1'],
    ['c[0]m[1]', '0c0m1 1c0m1 2c0m1'],
    ['@r,m', '0 1 2 0m0 0m1 1m0 1m1 2m0 2m1'],
    ['@r[::2]c[-1]', '0c2 2c2'],
    ['@r[-1]', '2'],
    ['@c[-2:]', '0c1 0c2 1c1 1c2 2c1 2c2'],
    [' @ m[ 0 : 1 ] , r[1:] ', '0m0 1m0 2m0 1 2'],
    ['@c1', '0c1 1c1 2c1'],
    ['@rr[0]', '0'],
    ['@cc', ''],
    ['@c[7]', ''],
  ])('%s gives %s', (selector, expected) => {
    expect(select(selector)).toBe(expected)
  })

  it.each(['@', '', '@x', '@c[a]', '@c[1,2]', '@cm,', '@c[0:1:0]', '@c[1:2:3:4]', '@c[', '@c]'])(
    'refuses %j',
    (selector) => {
      expect(() => select(selector)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    },
  )
})
