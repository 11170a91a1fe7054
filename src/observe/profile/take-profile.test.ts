import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { takeProfile } from './take-profile.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-profile-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('one profile of a thread is taken at a time', async () => {
  const [first, second] = ['a', 'b'].map((name) => path.join(folder, name)) as [string, string]
  const taken = takeProfile({ kind: 'cpu', seconds: 1, file: first })
  await expect(takeProfile({ kind: 'cpu', seconds: 1, file: second })).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
  })
  await taken
  expect(Object.keys(JSON.parse(readFileSync(first, 'utf8')) as object)).toContain('samples')
  expect(existsSync(second)).toBe(false)
})

it('a file that exists is left as it is, and the next profile is taken', async () => {
  const file = path.join(folder, 'a')
  writeFileSync(file, 'mine')
  await expect(takeProfile({ kind: 'heap', seconds: 1, file })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
  })
  expect(readFileSync(file, 'utf8')).toBe('mine')
  await takeProfile({ kind: 'cpu', seconds: 1, file: path.join(folder, 'b') })
})
