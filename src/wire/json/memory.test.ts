import { expect, it } from 'vitest'
import { parsingBytes, writingBytes } from './memory.js'

it('small texts are not counted', () => {
  expect(parsingBytes(Buffer.from('[[],[]]'))).toBe(0)
  expect(writingBytes(1000)).toBe(0)
})

it('many small values take many times the bytes of their text', () => {
  const text = Buffer.from(`[${'[],'.repeat(1_000_000)}1]`)
  expect(parsingBytes(text)).toBeGreaterThan(20 * text.length)
})

it('one long string takes little more than its text', () => {
  const text = Buffer.from(`["${'a'.repeat(2_000_000)}"]`)
  expect(parsingBytes(text)).toBeLessThan(2.1 * text.length)
})
