import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { defaultWorkspace, makeDefaultWorkspace } from './default-workspace.js'
import { temporaryFolder } from './fixtures.suite.js'

it('is one folder for each stage of each Flow of a project', () => {
  const project = temporaryFolder()
  const inner = join(project, 'src', 'deep')
  mkdirSync(inner, { recursive: true })
  writeFileSync(join(project, 'package.json'), '{}')
  expect(defaultWorkspace('shop', 'index', inner)).toBe(join(project, '.millrace', 'shop', 'index'))
  const pairs = [
    ['a', 'b_c'],
    ['a_b', 'c'],
    ['a/b', 'c'],
    ['..', 'c'],
    ['.', 'c'],
    ['', 'c'],
  ] as const
  const folders = pairs.map(([flow, stage]) => defaultWorkspace(flow, stage, inner))
  expect(new Set(folders).size).toBe(pairs.length)
  for (const folder of folders) expect(folder.startsWith(join(project, '.millrace'))).toBe(true)
})

it('is not seen by git', () => {
  const folder = join(temporaryFolder(), '.millrace', 'shop', 'index')
  expect(makeDefaultWorkspace(folder)).toBe(folder)
  expect(readFileSync(join(folder, '..', '..', '.gitignore'), 'utf8')).toBe('*\n')
})

// root may write everywhere
it.runIf(process.getuid?.() !== 0)('is a temporary folder where the project is only for reading', () => {
  const project = temporaryFolder()
  chmodSync(project, 0o500)
  const folder = makeDefaultWorkspace(join(project, '.millrace', 'shop', 'index'))
  expect(folder.startsWith(tmpdir())).toBe(true)
  expect(existsSync(folder)).toBe(true)
  expect(makeDefaultWorkspace(join(project, '.millrace', 'shop', 'index'))).toBe(folder)
})
