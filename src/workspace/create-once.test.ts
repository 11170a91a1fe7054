import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createOnce } from './create-once.js'
import { temporaryFolder } from './fixtures.suite.js'

test('a file is created once, and a second attempt returns false', () => {
  const folder = temporaryFolder()
  const path = join(folder, 'file')
  expect([createOnce(path, 'first'), createOnce(path, 'second')]).toEqual([true, false])
  expect(readFileSync(path, 'utf8')).toBe('first')
  expect(readdirSync(folder)).toEqual(['file'])
})

test('a folder that is not there is an error', () => {
  expect(() => createOnce(join(temporaryFolder(), 'missing', 'file'), '')).toThrow('ENOENT')
})
