import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compilePattern } from './pattern.js'

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
      expect(() => compilePattern(source)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    } else {
      expect(compilePattern(source)(name)).toBe(outcome)
    }
  })

  test('answers as a sticky RegExp does', () => {
    const { pattern } = fc.letrec<{ pattern: string; atom: string }>((tie) => ({
      atom: fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '1') },
        { weight: 1, arbitrary: tie('pattern').map((inner) => `(${inner})`) },
      ),
      pattern: fc
        .array(fc.tuple(tie('atom'), fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}', '*?', '{0}')), {
          maxLength: 4,
        })
        .chain((parts) => {
          const text = parts.map((part) => part.join('')).join('')
          return fc.constantFrom(text, `${text}|b`, `${text}$`, `^${text}`)
        }),
    }))
    fc.assert(
      fc.property(
        pattern,
        fc.string({ unit: fc.constantFrom('a', 'b', '1', '_'), maxLength: 6 }),
        (source, name) => {
          expect(compilePattern(source)(name)).toBe(new RegExp(source, 'y').test(name))
        },
      ),
      { numRuns: 500 },
    )
  })

  test('that makes a backtracking engine stall ends at once', () => {
    const name = 'a'.repeat(200)
    for (const source of ['(a+)+$x', '(a|a)*b', '(a*)*b', '(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)x']) {
      expect(compilePattern(source)(name)).toBe(false)
    }
  })
})
