import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Document, DocumentArray } from '../../document/index.js'
import { atOnce } from '../../lib/slices.js'
import { sortedAs } from './sort.js'

const listOf = (ids: readonly string[]): Uint8Array =>
  new DocumentArray(ids.map((id, at) => new Document({ id, tags: { at } }))).toProtobuf()

test('documents come in the order of those that were asked, unknown ones last, otherwise as they were', () => {
  const ids = fc.array(fc.constantFrom('a', 'b', 'c', 'd', ''), { maxLength: 8 })
  fc.assert(
    fc.property(ids, ids, (given, asked) => {
      const known: readonly string[] = asked
      const rank = (id: string): number => (known.includes(id) ? known.indexOf(id) : known.length)
      const expected = given
        .map((id, at) => ({ id, at }))
        .toSorted((left, right) => rank(left.id) - rank(right.id))
      const pieces = atOnce(sortedAs(listOf(given), listOf(asked)))
      const sorted = pieces === undefined ? listOf(given) : Buffer.concat(pieces)
      const documents = [...DocumentArray.fromProtobuf(sorted)]
      expect(documents.map(({ id, tags }) => ({ id, at: tags.at }))).toEqual(expected)
    }),
  )
})
