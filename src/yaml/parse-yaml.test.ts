import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MillraceError } from '../errors.js'
import { parseYaml, writeYaml } from './parse-yaml.js'

const valueOf = (text: string): unknown => parseYaml(text, 'a.yml').value

function failureOf(text: string): MillraceError {
  try {
    valueOf(text)
  } catch (error) {
    if (MillraceError.is(error)) return error
    throw error
  }
  return expect.unreachable()
}

describe('a YAML text', () => {
  it.each<[string, unknown]>([
    ['on: /index', { on: '/index' }],
    [
      'a: on\nb: Off\nc: yes\nd: No\ne: True\nf: FALSE',
      { a: 'on', b: 'Off', c: true, d: false, e: true, f: false },
    ],
    ['a: "yes"\nb: !!str no\nc: y', { a: 'yes', b: 'no', c: 'y' }],
    ['yes: 1\n404: 2\n~: 3\n1.0: 4', { yes: 1, '404': 2, '~': 3, '1.0': 4 }],
    ['a: ~\nb:\nc: null', { a: null, b: null, c: null }],
    ['a: 1\nb: -2.5\nc: 1e3\nd: .inf\ne: 0x10', { a: 1, b: -2.5, c: 1000, d: Infinity, e: 16 }],
    ['a: 2024-01-01\nb: 12:30', { a: '2024-01-01', b: '12:30' }],
    ['a: |\n  x\n  y\nb: >-\n  x\n  y', { a: 'x\ny\n', b: 'x y' }],
    [
      'a: &x {k: 1}\nb: *x\nc: {<<: *x, l: 2}\nd: {k: 0, <<: [*x]}',
      { a: { k: 1 }, b: { k: 1 }, c: { k: 1, l: 2 }, d: { k: 0 } },
    ],
    [
      '!Flow\nwith: {a: !Encoder}\nb: !Encoder {with: {}}',
      { jtype: 'Flow', with: { a: '!Encoder' }, b: { jtype: 'Encoder', with: {} } },
    ],
    ['constructor: {prototype: {a: 1}}\ntoString: 2', { constructor: { prototype: { a: 1 } }, toString: 2 }],
    ['- a\n- [b, {c: d}]', ['a', ['b', { c: 'd' }]]],
    ['\uFEFFa: 1', { a: 1 }],
  ])('%j', (text, value) => {
    expect(valueOf(text)).toEqual(value)
  })

  it.each([
    ['', /^a\.yml:1:1: it is empty/],
    ['~', /it is empty/],
    ['a: 1\nb: [1, 2', /^a\.yml:2:9: Flow sequence/],
    ['a: 1\n b: 2', /^a\.yml:\d:\d+: /],
    ['a: 1\na: 2', /^a\.yml:2:1: the key "a" is duplicated/],
    ['{[a]: 1}', /a key must be a string/],
    ['a: *nobody', /^a\.yml:1:4: /],
    ['__proto__: {polluted: true}', /^a\.yml:1:1: the key "__proto__" is not allowed/],
    ['"__proto__": {polluted: true}', /the key "__proto__" is not allowed/],
    ['a: !!python/object/apply:os.system [ls]', /^a\.yml:1:36: the tag ".*" is unknown/],
    ['a: !!binary aGVsbG8=', /is unknown/],
    ['a: !!js/function "x"', /is unknown/],
    ['a: !Encoder text', /!Encoder is followed by a string/],
    ['a: !Encoder [1]', /a list has no type/],
    ['a: 1\n---\nb: 2', /several YAML documents/],
    ['a: {<<: 5}', /<< takes a mapping/],
    ['a: &a [*a]', /a\.yml:1:\d+: (it is nested deeper|.*\*a)/],
    ['['.repeat(100) + ']'.repeat(100), /nested deeper than 64 levels/],
    ['['.repeat(50_000), /nested deeper than 64 levels/],
    ['{a: '.repeat(20_000), /nested deeper than 64 levels/],
    ['- '.repeat(40_000), /nested deeper than 64 levels/],
    ['[' + ','.repeat(50_000), /^a\.yml:1:3: Unexpected ,/],
    ['x'.repeat(1024 * 1024 + 1), /the text has 1048577 bytes; at most 1048576 are allowed/],
    [bomb(), /more than 100000 values after its aliases are expanded/],
  ])('is refused with its position: %.40j', (text, message) => {
    expect(failureOf(text)).toMatchObject({
      code: 'BAD_YAML',
      message: expect.stringMatching(message) as string,
    })
  })

  it('with the maximum number of keys is read in linear time', () => {
    const text = Array.from({ length: 30_000 }, (_, index) => `k${index}: 1`).join('\n')
    expect(Object.keys(valueOf(text) as object)).toHaveLength(30_000)
  })

  it('has the position of each value', () => {
    const { value, positions } = parseYaml('a: 1\nb:\n  - x\n  - c: 2', 'a.yml')
    const { b } = value as { b: [string, object] }
    expect(positions.of(value as object, 'a')).toEqual({ file: 'a.yml', line: 1, column: 4, written: '1' })
    expect(positions.of(b, 0)).toMatchObject({ line: 3, column: 5 })
    expect(positions.of(b[1], 'c')).toMatchObject({ line: 4, column: 8 })
    expect(positions.of({}, 'c')).toMatchObject({ line: 1, column: 1 })
  })
})

/** Nine levels of nine aliases each. */
function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, index) => {
    const item = index === 0 ? 'x' : `*a${index - 1}`
    return `a${index}: &a${index} [${Array.from({ length: 9 }, () => item).join(', ')}]`
  })
  return levels.join('\n')
}

describe('any text', () => {
  const pieces = fc.constantFrom(
    ...[
      'a',
      'on',
      'yes',
      '__proto__',
      'constructor',
      '<<',
      ': ',
      '- ',
      '\n',
      '\n  ',
      '[',
      ']',
      '{',
      '}',
      ', ',
      '"',
      "'",
      '|',
      '>',
      '&x ',
      '*x',
      '!A ',
      '!!str ',
      '? ',
      '#',
      '1',
      '~',
      '---',
      '%',
      '\t',
    ],
  )
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 40 }).map((all) => all.join('')),
  )

  it('is data, or refused with BAD_YAML, and pollutes nothing', () => {
    fc.assert(
      fc.property(texts, (text) => {
        try {
          valueOf(text)
        } catch (error) {
          expect(error).toMatchObject({ code: 'BAD_YAML' })
        }
        expect(Object.keys(Object.prototype)).toEqual([])
        expect(({} as { a?: unknown }).a).toBeUndefined()
      }),
      { numRuns: 2000 },
    )
  })
})

describe('data', () => {
  it('is read again as it was written', () => {
    const words = fc.constantFrom(
      'yes',
      'No',
      'on',
      'null',
      '~',
      '1',
      '1e3',
      '0x1',
      '<<',
      '',
      ' a',
      'a: b',
      '# a',
      '!A',
      '*a',
      '2024-01-01',
      '\n',
    )
    const keys = fc.oneof(words, fc.string()).filter((key) => key !== '__proto__' && key !== '<<')
    const data = fc.dictionary(
      keys,
      fc
        .jsonValue({ maxDepth: 3 })
        .filter(isKept)
        .chain((value) => fc.oneof(words, fc.constant(value))),
      {
        minKeys: 1,
      },
    )
    fc.assert(
      fc.property(data, (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as object
        expect(valueOf(writeYaml(plain))).toEqual(plain)
      }),
    )
  })
})

function isKept(value: unknown): boolean {
  const text = JSON.stringify(value)
  return !text.includes('__proto__') && !text.includes('"<<"')
}
