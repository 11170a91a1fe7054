import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MillraceError } from '../errors.js'
import { parseYaml } from './parse-yaml.js'
import { reparse } from './reparse.js'
import { hasNames, type Names, substitute } from './substitute.js'

const names = {
  env: {
    PORT: '8080',
    NAME: 'shop',
    EMPTY: '',
    LIST: '[1, a, 2.5]',
    TRICK: '${{ ENV.PORT }} $NAME ${{root.a}}',
  },
  context: { size: 3, name: 'given', deep: { a: [1] }, text: '5' },
} satisfies Names

function filled(text: string, given: Names = names) {
  const tree = parseYaml(text, 'a.yml')
  const warnings: string[] = []
  substitute(tree, given, (message) => void warnings.push(message))
  return { value: tree.value, warnings }
}

function failureOf(text: string, given: Names = names): unknown {
  try {
    filled(text, given)
  } catch (error) {
    return error
  }
  return expect.unreachable()
}

describe('names in a text', () => {
  it.each<[string, unknown]>([
    ['a: ${{ ENV.PORT }}', { a: 8080 }],
    ['a: ${{env.PORT}}', { a: 8080 }],
    ['a: "${{ ENV.NAME }}-${{ CONTEXT.size }}"', { a: 'shop-3' }],
    ['a: ${{ CONTEXT.size }}', { a: 3 }],
    ['a: ${{ size }}\nb: ${{ text }}', { a: 3, b: 5 }],
    ['a: ${{ name }}\nb: ${{ NAME }}\nc: ${{ CONTEXT.NAME }}', { a: 'given', b: 'shop', c: 'shop' }],
    ['a: ${{ deep }}', { a: { a: [1] } }],
    ['a: ${{ ENV.EMPTY }}', { a: null }],
    ['a: ${{ ENV.LIST }}', { a: [1, 'a', 2.5] }],
    ['a: ["${{ ENV.PORT }}", {b: "${{ size }}"}]', { a: [8080, { b: 3 }] }],
    ['a: {b: [10, 20]}\nc: ${{root.a.b[1]}}', { a: { b: [10, 20] }, c: 20 }],
    ['a: {b: 1, c: "${{this.b}}"}', { a: { b: 1, c: 1 } }],
    ['a: {b: 1, c: ["${{this.b}}"]}', { a: { b: 1, c: [1] } }],
    ['a: [1, 2]\nb: ${{root.a}}', { a: [1, 2], b: [1, 2] }],
    ['a: "${{root.b}}x"\nb: "${{root.c}}y"\nc: z', { a: 'zyx', b: 'zy', c: 'z' }],
    ['a: ${{root.b}}\nb: ${{root.c}}\nc: ${{ ENV.PORT }}', { a: 8080, b: 8080, c: 8080 }],
    ['a: "${{ ENV.PORT }}${{ size }}"', { a: 80803 }],
    ['a: $5 and $ and ${x} and $unknown', { a: '$5 and $ and ${x} and $unknown' }],
    ['a: "\'${{ ENV.PORT }}\'"', { a: '8080' }],
  ])('%j', (text, value) => {
    expect(filled(text)).toEqual({ value, warnings: [] })
  })

  it('are not searched for in substituted values', () => {
    expect(filled('a: x\nb: ${{ ENV.TRICK }}').value).toEqual({ a: 'x', b: names.env.TRICK })
  })

  it('may be written in the older form, with a warning', () => {
    const { value, warnings } = filled('a: 1\nb: http://$NAME:$PORT')
    expect(value).toEqual({ a: 1, b: 'http://shop:8080' })
    expect(warnings[0]).toBe("a.yml:2:4: $NAME is Jina's older form; write ${{ ENV.NAME }}.")
  })

  it.each([
    ['a: 1\nb: ${{ ENV.NOBODY }}', /^a\.yml:2:4: the environment variable NOBODY is not set/],
    ['a: ${{ ENV.toString }}', /toString is not set/],
    ['a: ${{ nobody }}', /'nobody' is neither in the context nor in the environment/],
    ['a: ${{ CONTEXT.__proto__ }}', /__proto__/],
    ['a: ${{ 1 + 1 }}', /should be one of/],
    ['a: ${{}}', /should be one of/],
    ['a: ${{root.b}}', /there is no 'b' at that path/],
    ['a: ${{root.__proto__.toString}}', /there is no '__proto__'/],
    ['a: {x: 1}\nb: ${{root.a}}', /is a whole section/],
    ['a: ${{root.a}}', /^a\.yml:1:4: it refers to itself/],
    ['a: ${{root.b}}\nb: ${{root.a}}', /it refers to itself/],
    ['a: ${{root.b}}\nb: ${{root.c}}\nc: ${{root.d}}\nd: ${{root.e}}\ne: 1', /longer than 3 steps/],
    [`a: ${'x'.repeat(10_000)}\nb: "${'${{root.a}}'.repeat(50_000)}"`, /substitution made more than/],
    [doubling(), /substitution made more than/],
  ])('are refused when they are undefined: %.40j', (text, message) => {
    expect(failureOf(text)).toMatchObject({
      code: 'BAD_YAML',
      message: expect.stringMatching(message) as string,
    })
  })

  it('may be null, but not values that are not data', () => {
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    const context = { f: () => 1, cycle, nothing: null }
    expect(filled('a: ${{ nothing }}', { env: { nothing: 'x' }, context }).value).toEqual({ a: null })
    for (const text of ['a: ${{ f }}', 'a: x${{ f }}', 'a: x${{ cycle }}']) {
      expect(failureOf(text, { env: {}, context })).toMatchObject({ code: 'BAD_YAML' })
    }
  })

  it('always give data, or a failure with a code', () => {
    const pieces = fc.constantFrom(
      ...[
        '${{ ENV.PORT }}',
        '${{ size }}',
        '${{root.a}}',
        '${{root.b}}',
        '${{this.a}}',
        '${{root.c[0]}}',
        '${{root.__proto__}}',
        '${{',
        '}}',
        '$NAME',
        '$',
        ' ',
        'x',
        '[',
        ']',
        '{',
      ],
    )
    const text = fc.array(pieces, { maxLength: 8 }).map((all) => all.join(''))
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        const tree = { value: { a, b, c: [c, { a }] }, positions: parseYaml('x: 1', 'a.yml').positions }
        try {
          substitute(tree, names, () => {})
          expect(structuredClone(tree.value)).toEqual(tree.value)
        } catch (error) {
          expect(MillraceError.is(error) && error.code).toBe('BAD_YAML')
        }
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })
})

/** Each value repeats the previous one twice, in an order that one round resolves. */
function doubling(): string {
  const rest = Array.from(
    { length: 40 },
    (_, index) => `a${index + 1}: "\${{root.a${index}}}\${{root.a${index}}}"`,
  )
  return ['a0: xxxxxxxxxx', ...rest].join('\n')
}

describe('a string that is parsed again', () => {
  it.each<[string, unknown]>([
    ['5', 5],
    ['-5', -5],
    ['5.5', 5.5],
    ['.5', 0.5],
    ['1e3', 1000],
    ['12345678901234567890', '12345678901234567890'],
    ['1e999', '1e999'],
    ['true', true],
    ['False', false],
    ['', null],
    ['yes', 'yes'],
    ['"5"', '5'],
    ["'5'", '5'],
    ['"', '"'],
    ['[', '['],
    ['[]', []],
    ['[1, [2], true, x]', [1, 2, true, 'x']],
    ['[,]', [null, null]],
    ['1.2.3', '1.2.3'],
    ['NaN', 'NaN'],
  ])('%j', (text, value) => {
    expect(reparse(text)).toEqual(value)
  })
})

it('a string with names is recognised', () => {
  expect(['a', '$', '$5', '${a}', '${{', '$A', 'x ${{ a }}'].filter(hasNames)).toEqual(['$A', 'x ${{ a }}'])
})
