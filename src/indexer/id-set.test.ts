import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IdSet } from './id-set.js'

const unlimited = 2 ** 30

test('has every id that was added, whatever its characters, and no other', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary' })),
      fc.array(fc.string({ unit: 'binary' })),
      (added, asked) => {
        const set = new IdSet(unlimited)
        for (const id of added) set.add(id)
        const known = new Set(added)
        for (const id of [...added, ...asked]) expect(set.has(id)).toBe(known.has(id))
      },
    ),
  )
})

test('tells 100,000 numbered ids from 100,000 others, also when room was made for them', () => {
  for (const reserved of [0, 100_000]) {
    const set = new IdSet(unlimited)
    set.reserve(reserved)
    for (let id = 0; id < 100_000; id++) set.add(`d${id}`)
    for (let id = 0; id < 100_000; id++) {
      if (!set.has(`d${id}`) || set.has(`e${id}`) || set.has(`d${id + 100_000}`))
        expect.fail(`wrong at ${id}`)
    }
    expect(set.holdsAll).toBe(false)
  }
})

test('holds every id once it needs more memory than it may take, until it is cleared', () => {
  const set = new IdSet(64 * 1024)
  for (let id = 0; id < 4096; id++) set.add(`d${id}`)
  expect([set.holdsAll, set.has('other')]).toEqual([false, false])
  set.add('one more')
  expect([set.holdsAll, set.has('other')]).toEqual([true, true])
  set.clear()
  expect([set.holdsAll, set.has('other'), set.has('d1')]).toEqual([false, false, false])
  set.reserve(4097)
  expect(set.holdsAll).toBe(true)
})
