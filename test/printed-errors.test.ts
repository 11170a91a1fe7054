import { inspect } from 'node:util'
import { Client, DocumentArray, Flow, MillraceError } from 'millrace'
import { expect, test } from 'vitest'

test('a MillraceError is printed like an error of Node: name, stack, and its own properties', () => {
  const cause = new TypeError('inner')
  const error = new MillraceError('UNAVAILABLE', 'nobody', { cause, where: { deployment: 'a' } })
  const [head, ...rest] = inspect(error).split('\n')
  expect(head).toBe('MillraceError: nobody')
  const fields = rest.filter((line) => !/^ +(at |\.\.\. \d+ lines)/.test(line))
  expect(fields).toEqual([
    "  code: 'UNAVAILABLE',",
    '  retryable: true,',
    "  where: { deployment: 'a' },",
    '  [cause]: TypeError: inner',
    '}',
  ])
})

test('empty properties of an error are not printed, but exist', () => {
  const error = new MillraceError('INVALID_OPTION', 'no')
  expect(inspect(error)).not.toMatch(/where|output|notRun|retryAfterMs|Symbol/)
  expect(error).toMatchObject({ where: {}, output: [], notRun: false, retryAfterMs: null })
  expect(MillraceError.is(error)).toBe(true)
  expect(String(error)).toBe('MillraceError: no')
})

test('classes of the package have their own names', () => {
  expect([MillraceError, Flow, DocumentArray, Client].map(({ name }) => name)).toEqual([
    'MillraceError',
    'Flow',
    'DocumentArray',
    'Client',
  ])
})
