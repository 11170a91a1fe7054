import { expect, test } from 'vitest'
import { inheritedFlags, nodeCommand } from './command.js'

test('a child gets the flags that load and tune, not those that debug, evaluate or watch', () => {
  const flags = [
    '--import',
    'tsx',
    '--max-old-space-size=4096',
    '--inspect-brk=9229',
    '--inspect',
    '-e',
    '1 + 1',
  ]
  expect(inheritedFlags(flags)).toEqual(['--import', 'tsx', '--max-old-space-size=4096'])
  expect(inheritedFlags(['--watch', '--eval', 'x', '--input-type=module'])).toEqual([])
  expect(
    inheritedFlags(['--watch-path', './src', '-r', './a.cjs', '--input-type', 'module', '-e', '-1']),
  ).toEqual(['-r', './a.cjs'])
})

test('the module is the last argument, and no shell is needed', () => {
  const { args } = nodeCommand('/a b/entry.js')
  expect(args.at(-1)).toBe('/a b/entry.js')
})

test.runIf(process.platform === 'linux')(
  'a child is bound to the life of its parent where setpriv is',
  () => {
    const { file, args } = nodeCommand('/entry.js')
    if (file === process.execPath) return
    expect(args.slice(0, 4)).toEqual(['--pdeathsig', 'KILL', '--', process.execPath])
  },
)
