import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { forNextThread, oldGenerationFlags } from './old-generation.js'

test('it is a flag of the V8 in this Node', () => {
  const { stdout } = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8' })
  const [name] = oldGenerationFlags([])[0]!.split('=')
  expect(stdout).toContain(`${name} `)
})

test('a program keeps its own size, also for threads', () => {
  expect(oldGenerationFlags([])).toEqual(['--initial-old-space-size=64'])
  expect(oldGenerationFlags(['--initial-old-space-size=200'])).toEqual([])
})

test('threads may start at the same time', () => {
  const [first, second] = [forNextThread(), forNextThread()]
  expect(() => [first(), second()]).not.toThrow()
})
