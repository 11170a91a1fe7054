import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { syntaxPosition } from './syntax-position.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-syntax-'))
afterAll(() => rmSync(folder, { recursive: true }))

function fileOf(name: string, code: string): string {
  writeFileSync(join(folder, name), code)
  return pathToFileURL(join(folder, name)).href
}

test('the line of a syntax error is found', async () => {
  const position = await syntaxPosition(fileOf('broken.mjs', '\n\nexport class { }'), new SyntaxError('x'))
  expect(position).toMatch(/broken\.mjs:3\nexport class \{ \}\n +\^/u)
})

test('a valid file, another error and another language give nothing', async () => {
  expect(
    await syntaxPosition(fileOf('sound.mjs', 'export const a = 1'), new SyntaxError('elsewhere')),
  ).toBeUndefined()
  expect(await syntaxPosition(fileOf('broken.mjs', 'export class { }'), new TypeError('x'))).toBeUndefined()
  expect(await syntaxPosition(fileOf('broken.ts', 'export class { }'), new SyntaxError('x'))).toBeUndefined()
})
