import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MillraceError } from '../errors.js'
import { Positions } from '../yaml/position.js'
import { flowKeys, stageKeys } from './keys.js'
import { readFlow } from './read-flow.js'

const words = fc.constantFrom(
  ...[
    '',
    'a',
    'yes',
    'true',
    '5',
    '-1',
    'GRPC',
    'all',
    '[1]',
    '{"a": 1}',
    '{"__proto__": 1}',
    'x.yml',
    './x.js',
    'x.py',
    '!A',
    '!A | {b: 1}',
    'docker://x',
    'https://x/y.yml',
    'file://host/x.js',
    'file:x',
    'a.b.C',
    'jtype: A',
    'BaseExecutor',
    'add',
    'needs',
    'a:1,b:2',
    '1',
    '#',
    '\0',
  ],
)
const leaves = fc.oneof(words, fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null))
const values = fc.oneof(
  { weight: 3, arbitrary: leaves },
  fc.array(leaves, { maxLength: 3 }),
  fc.dictionary(
    fc.oneof(
      fc.constantFrom(
        'jtype',
        'with',
        'metas',
        'requests',
        'py_modules',
        'version',
        'constructor',
        '/x',
        '*',
        'min',
        'max',
      ),
      fc.string(),
    ),
    leaves,
    { maxKeys: 4 },
  ),
)

const section = (keys: Iterable<string>) =>
  fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), values, { maxKeys: 5 })

const flows = fc.record(
  {
    jtype: fc.oneof({ weight: 8, arbitrary: fc.constantFrom('Flow', 'Deployment') }, values),
    version: fc.oneof({ weight: 8, arbitrary: fc.constantFrom('1', 1) }, values),
    with: fc.oneof(
      { weight: 3, arbitrary: section(new Set([...flowKeys.keys(), ...stageKeys.keys()])) },
      values,
    ),
    gateway: fc.oneof(section(flowKeys.keys()), values),
    executors: fc.oneof(
      {
        weight: 5,
        arbitrary: fc.array(fc.oneof({ weight: 5, arbitrary: section(stageKeys.keys()) }, values), {
          maxLength: 3,
        }),
      },
      values,
    ),
  },
  { requiredKeys: ['jtype'] },
)

it('any file gives a plan, or is refused with a code and a position', () => {
  let plans = 0
  fc.assert(
    fc.property(flows, (value) => {
      const reading = { folder: null, extraSearchPaths: [], env: {}, context: {}, warn: () => {} }
      try {
        readFlow({ value, positions: new Positions('any.yml') }, reading, {})
        plans++
      } catch (error) {
        expect(MillraceError.is(error), String(error)).toBe(true)
        expect((error as MillraceError).code).not.toBe('INTERNAL')
        expect((error as MillraceError).message).toContain('any.yml:')
      }
      expect(Object.keys(Object.prototype)).toEqual([])
    }),
    { numRuns: 3000 },
  )
  expect(plans).toBeGreaterThan(50)
})
