import { expect, test } from 'vitest'
import { Document } from '../document/index.js'
import { placeOf } from './place.js'
import { placement } from './placement.js'

const bytes = (init: ConstructorParameters<typeof Document>[0]): Uint8Array => new Document(init).toProtobuf()

test('a document is placed by its id, whatever else it has', () => {
  const place = placement('id', 5)
  expect(place(bytes({ id: 'one', text: 'a' }))).toBe(placeOf('one', 5))
  expect(place(bytes({ id: 'one' }))).toBe(placeOf('one', 5))
})

test('a document is placed by a tag when the stage says so', () => {
  const place = placement('tags.tenant.name', 5)
  expect(place(bytes({ id: 'one', tags: { tenant: { name: 'acme' } } }))).toBe(placeOf('acme', 5))
  expect(place(bytes({ id: 'two', tags: { tenant: { name: 7 } } }))).toBe(placeOf('7', 5))
})

test('a document without a key is refused by its id, with what to do', () => {
  const place = placement('tags.tenant', 5)
  expect(() => place(bytes({ id: 'one', tags: { tenant: null } }))).toThrow(
    /Document one has no tags\.tenant.*polling KEY.*Set it/,
  )
})
