import fc from 'fast-check'
import { expect, it } from 'vitest'
import { IdTable } from './id-table.js'
import { keptByYoungCollections } from './young-garbage.suite.js'

const command = fc.record({
  does: fc.constantFrom('set', 'set', 'delete', 'clear' as const),
  // few ids, of which many have the same home, and the largest ones
  id: fc.oneof(
    fc.integer({ min: 0, max: 40 }),
    fc.integer({ min: 0, max: 20 }).map((number) => number * 4096),
    fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1),
  ),
})

it('holds what a Map would hold', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 300 }), (commands) => {
      const table = new IdTable<{ id: number }>()
      const map = new Map<number, { id: number }>()
      for (const { does, id } of commands) {
        const value = { id }
        if (does === 'set') {
          table.set(id, value)
          map.set(id, value)
        } else if (does === 'delete') expect(table.delete(id)).toBe(map.delete(id))
        else {
          table.clear()
          map.clear()
        }
        expect(table.size).toBe(map.size)
        expect(table.get(id)).toBe(map.get(id))
        expect(table.has(id)).toBe(map.has(id))
      }
      for (const [id, value] of map) expect(table.get(id)).toBe(value)
      expect([...table.values()]).toEqual([...map.values()].sort((one, other) => one.id - other.id))
    }),
  )
})

it('grows, and is small again when it has become empty', () => {
  const table = new IdTable<{ id: number }>()
  for (let id = 1; id < 20_001; id += 2) table.set(id, { id })
  expect(table.size).toBe(10_000)
  for (let id = 1; id < 20_001; id += 2) expect(table.get(id)).toEqual({ id })
  for (let id = 1; id < 20_001; id += 2) expect(table.delete(id)).toBe(true)
  expect([table.size, ...table.values()]).toEqual([0])
  table.set(3, { id: 3 })
  expect([...table.values()]).toEqual([{ id: 3 }])
})

it('leaves out values that are deleted while it is walked through, and not those that are added behind', () => {
  const table = new IdTable<{ id: number }>()
  for (const id of [5, 1, 3]) table.set(id, { id })
  const seen: number[] = []
  for (const { id } of table.values()) {
    seen.push(id)
    table.delete(3)
    if (id < 7) table.set(7, { id: 7 })
    table.set(2, { id: 2 })
  }
  expect(seen).toEqual([1, 5, 7])
})

it('keeps no deleted value in memory until the next full collection', () => {
  const table = new IdTable<{ id: number; large: number[] }>()
  const kept = keptByYoungCollections((id) => {
    table.set(id, { id, large: Array.from({ length: 1000 }, () => id) })
    table.delete(id - 8)
  })
  // with a Map it is some ten megabytes
  expect(kept).toBeLessThan(2e6)
})
