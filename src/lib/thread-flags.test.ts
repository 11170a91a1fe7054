import { expect, test } from 'vitest'
import { threadFlags } from './thread-flags.js'

test('a thread inherits the flags of its program', () => {
  expect(threadFlags(['--import', 'tsx', '--max-old-space-size=64'])).toEqual({})
})

test('a thread of a program that was typed or piped in gets only the flags that load modules', () => {
  const flags = [
    '--input-type=module',
    '--import',
    'tsx',
    '--max-old-space-size=64',
    '-r',
    './a.cjs',
    '-e',
    '1 + 1',
  ]
  expect(threadFlags(flags)).toEqual({ execArgv: ['--import', 'tsx', '-r', './a.cjs'] })
  expect(threadFlags(['--input-type', 'module', '--conditions=dev'])).toEqual({
    execArgv: ['--conditions=dev'],
  })
})
