import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { processStart } from '../workspace/process-space.js'
import { isOrphaned, labelNames, ownerLabels } from './labels.js'

test('a container of a running program, or of no program, is not an orphan', () => {
  expect(isOrphaned(ownerLabels())).toBe(false)
  expect(isOrphaned({})).toBe(false)
  expect(isOrphaned({ [labelNames.flow]: 'shop' })).toBe(false)
})

test('a container of a program that has ended is an orphan, even if another process has its id now', async () => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  const start = processStart(child.pid!) ?? ''
  await once(child, 'exit')
  const labels = {
    ...ownerLabels(),
    [labelNames.ownerPid]: String(child.pid),
    [labelNames.ownerStart]: start,
  }
  expect(isOrphaned(labels)).toBe(true)
  expect(isOrphaned({ ...ownerLabels(), [labelNames.ownerStart]: '1' })).toBe(process.platform === 'linux')
})

test('a program in another container cannot be checked, and one of an earlier boot has ended', () => {
  const [boot = ''] = ownerLabels()[labelNames.ownerSpace]!.split('/')
  const inSpace = (space: string, host?: string): boolean =>
    isOrphaned({
      ...ownerLabels(),
      [labelNames.ownerSpace]: space,
      ...(host && { [labelNames.ownerHost]: host }),
    })
  expect(inSpace(`${boot}/other`)).toBe(false)
  expect(inSpace('earlier/1')).toBe(true)
  expect(inSpace('earlier/1', 'another-machine')).toBe(false)
})
