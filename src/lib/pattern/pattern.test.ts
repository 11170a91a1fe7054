import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compilePattern, type Pattern } from './pattern.js'

const match = (source: string): Pattern => compilePattern(source, { what: 'target_executor', mode: 'match' })
const search = (source: string): Pattern => compilePattern(source, { what: '$regex', mode: 'search' })

describe('a pattern', () => {
  test.each([
    ['exec', 'exec', true],
    ['exec', 'exec1', true],
    ['xec', 'exec', false],
    ['exec1$', 'exec10', false],
    ['^a|^b', 'b1', true],
    ['exec[0-3]', 'exec2', true],
    ['exec[^0-3]', 'exec2', false],
    ['exec[-x]', 'exec-', true],
    ['[]a]', ']', true],
    ['\\w+_\\d{2}\\Z', 'exec_12', true],
    ['\\w+_\\d{2}\\Z', 'exec_123', false],
    ['(?:a|b)*?c', 'ababc', true],
    ['a{2,3}$', 'aaaa', false],
    ['a{2,}$', 'aaaa', true],
    ['a{,3}', 'a', false],
    ['.*', '', true],
    ['executor\\.1', 'executor.1', true],
    ['', 'anything', true],
    ['(', 'a', 'refused'],
    ['a)', 'a', 'refused'],
    ['[a', 'a', 'refused'],
    ['*a', 'a', 'refused'],
    ['a**', 'a', 'refused'],
    ['[z-a]', 'a', 'refused'],
    ['(?=a)', 'a', 'refused'],
    ['(a)\\1', 'aa', 'refused'],
    ['a{3,2}', 'a', 'refused'],
    ['(a{1000}){1000}', 'a', 'refused'],
    ['\\', 'a', 'refused'],
    ['a'.repeat(1025), 'a', 'refused'],
  ])('%s on %s: %s', (source, name, outcome) => {
    if (outcome === 'refused') {
      expect(() => match(source)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    } else {
      expect(match(source)(name)).toBe(outcome)
    }
  })

  test.each([
    ['cat', 'a cat sat', true],
    ['^cat', 'a cat', false],
    ['cat$', 'a cat', true],
    ['\\bcat\\b', 'a cat.', true],
    ['\\bcat\\b', 'concatenate', false],
    ['\\bété\\b', 'l’été!', true],
    ['\\Bcat', 'concatenate', true],
    ['(?i)GRÜẞE|ÉTÉ', 'un été', true],
    ['(?i)[^a]', 'A', false],
    ['a.b', 'a\nb', false],
    ['(?s)a.b', 'a\nb', true],
    ['^b$', 'a\nb\nc', false],
    ['(?m)^b$', 'a\nb\nc', true],
    ['(?P<year>\\d{4})-(?<month>\\d\\d)', 'on 2024-05', true],
    ['^.$', '🦉', true],
    ['[🦉-🦊]', 'a 🦊', true],
    ['\\x41\\u00e9', 'Aé', true],
    ['^(a+)+$', `${'a'.repeat(50_000)}!`, false],
    ['(x+x+)+y', 'x'.repeat(50_000), false],
    ['(.*)*z', 'ab'.repeat(50_000), false],
    ['', '', true],
  ])('%s in a text: %#', (source, text, outcome) => {
    expect(search(source)(text)).toBe(outcome)
  })

  test.each(['(?<=a)b', '(?!a)', '\\1', '\\p{L}', '('.repeat(500) + ')'.repeat(500), '(?i', '[a-\\d]'])(
    'of a kind that is not understood is refused by its name: %s',
    (source) => {
      expect(() => search(source)).toThrow(
        expect.objectContaining({
          code: 'INVALID_INPUT',
          message: expect.stringMatching(/^\$regex /) as string,
        }),
      )
    },
  )

  test('answers as a RegExp does', () => {
    const { pattern } = fc.letrec<{ pattern: string; atom: string }>((tie) => ({
      atom: fc.oneof(
        {
          weight: 5,
          arbitrary: fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '1', '\\b', '\\B'),
        },
        { weight: 1, arbitrary: tie('pattern').map((inner) => `(${inner})`) },
      ),
      pattern: fc
        .array(fc.tuple(tie('atom'), fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}', '*?', '{0}')), {
          maxLength: 4,
        })
        .chain((parts) => {
          // RegExp repeats no assertions
          const text = parts.map(([atom, repeat]) => atom + (/^\\b/i.test(atom) ? '' : repeat)).join('')
          return fc.constantFrom(text, `${text}|b`, `${text}$`, `^${text}`)
        }),
    }))
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', '_', ' ', '\n'), maxLength: 8 })
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 1, maxLength: 4 }), (source, texts) => {
        const [matches, finds] = [match(source), search(source)]
        // one after the other: what is remembered of one text must not change the answer for the next
        for (const each of texts) {
          expect(matches(each)).toBe(new RegExp(source, 'y').test(each))
          expect(finds(each)).toBe(new RegExp(source).test(each))
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('that reaches more states than are remembered answers all the same', () => {
    const source = '(a|b)*a(a|b){12}c'
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 3000, maxLength: 4000 })
    const pattern = search(source)
    fc.assert(
      fc.property(text, (each) => {
        expect(pattern(each)).toBe(/a[ab]{12}c/.test(each))
      }),
      { numRuns: 20 },
    )
  })

  test('that makes a backtracking engine stall ends at once', () => {
    const name = 'a'.repeat(200)
    for (const source of ['(a+)+$x', '(a|a)*b', '(a*)*b', '(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)x']) {
      expect(match(source)(name)).toBe(false)
    }
  })
})
