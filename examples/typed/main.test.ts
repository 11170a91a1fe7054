import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const folder = import.meta.dirname
/** The built example, because pods cannot load TypeScript. `npm test` builds it first. */
const main = path.resolve(folder, '../../build/examples/typed/main.js')

it('answers with what its types say, and refuses what they cannot', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [main])
  const [match, refused] = stdout.trim().split('\n')
  expect(match).toMatch(/^The water of lakes \(0\.\d\d\)$/)
  expect(refused).toContain('parameters.limit: ')
}, 120_000)

it('has no cast and no any', async () => {
  const source = await readFile(path.join(folder, 'main.ts'), 'utf8')
  expect(source).not.toMatch(/\bas\b(?! const)|\bany\b|@ts-/)
})
