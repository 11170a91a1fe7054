import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Vocabulary } from './vocabulary.js'

function wordsOf(text: string): string[] {
  const vocabulary = new Vocabulary()
  return Array.from(vocabulary.idsOf(text), (id) => vocabulary.wordOf(id))
}

/** Few distinct letters, so that words are repeated and share their first ten characters. */
const asciiText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...Array.from('abzAZ09_ .-')),
    fc.constantFrom('abcdefghij', 'ABCDEFGHIJk'),
    fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code)),
  ),
  maxLength: 200,
})

describe('Vocabulary', () => {
  it('gives a word one id in upper and lower case', () => {
    const vocabulary = new Vocabulary()
    expect([...vocabulary.idsOf('Fish FISH fish')]).toEqual([0, 0, 0])
    expect([...vocabulary.idsOf('red fish, Größe GRÖSSE größe')]).toEqual([1, 0, 2, 3, 2])
  })

  it('ignores unknown words once it is closed', () => {
    const vocabulary = new Vocabulary()
    vocabulary.idsOf('one two')
    vocabulary.close()
    expect([...vocabulary.idsOf('two three internationalization größe one')]).toEqual([1, 0])
    expect(vocabulary.size).toBe(2)
  })

  it('tokenizes ASCII text on the fast path as on the general one', () => {
    fc.assert(
      fc.property(asciiText, (text) => {
        const general = wordsOf(`${text} ÷÷`)
        expect(wordsOf(text)).toEqual(general)
        expect(general).toEqual(text.toLowerCase().match(/\w\w+/g) ?? [])
      }),
    )
  })

  it('sorts words by code point, also with equal beginnings and beyond U+FFFF', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.stringMatching(/^[0-9_a-z]{2,14}$/),
            fc.stringMatching(/^abcdefghi[jk]{1,3}$/),
            fc.constantFrom('éz', 'èa', 'abcé', 'abcz', 'ｚｚ', '𐐨𐐩', '東京'),
          ),
          { minLength: 1 },
        ),
        (words) => {
          const vocabulary = new Vocabulary()
          vocabulary.idsOf(words.join(' '))
          const sorted = Array.from(vocabulary.sorted(), (id) => vocabulary.wordOf(id))
          const points = (word: string) => Array.from(word, (character) => character.codePointAt(0) as number)
          const expected = [...new Set(words)].sort((a, b) =>
            Buffer.compare(utf32(points(a)), utf32(points(b))),
          )
          expect(sorted).toEqual(expected)
        },
      ),
    )
  })

  it('grows with its words', () => {
    const words = Array.from({ length: 50_000 }, (_, index) => `w${index}`)
    const vocabulary = new Vocabulary()
    vocabulary.idsOf(words.join(' '))
    expect(vocabulary.size).toBe(50_000)
    expect(vocabulary.wordOf(49_999)).toBe('w49999')
    expect([...vocabulary.idsOf('w0 w31999 w49999')]).toEqual([0, 31_999, 49_999])
  })
})

function utf32(points: number[]): Buffer {
  const buffer = Buffer.alloc(points.length * 4)
  for (const [index, point] of points.entries()) buffer.writeUInt32BE(point, index * 4)
  return buffer
}
