import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { pythonPath } from './python.js'

// check.py looks at modules without importing them.

const script = path.resolve(import.meta.dirname, '../../src/pods/python/check.py')
const folder = mkdtempSync(path.join(tmpdir(), 'python-check-'))
const bomb = "raise SystemExit('imported')\n"

const files = {
  'encoder.py': `${bomb}class Encoder: pass\n`,
  'executor.py': `${bomb}class Own: pass\n`,
  'ast.py': bomb,
  'package/__init__.py': bomb,
  'package/space/encoder.py': `${bomb}from elsewhere import Encoder as Renamed\n`,
  'package/everything.py': `${bomb}from elsewhere import *\n`,
  'broken.py': 'class Encoder:\n',
}

beforeAll(() => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), text)
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

const check = (run: object): unknown =>
  JSON.parse(
    execFileSync(pythonPath(), [script], {
      cwd: folder,
      input: JSON.stringify([{ files: [], module: null, ...run }]),
      encoding: 'utf8',
    }),
  )

test.each([
  [{ module: 'encoder', className: 'Encoder' }],
  [{ module: 'executor', className: 'Own' }],
  [{ module: 'package.space.encoder', className: 'Renamed' }],
  [{ module: 'package.everything', className: 'Encoder' }],
  [{ module: 'sklearn.tree._tree', className: 'Compiled' }],
  [{ files: [path.join(folder, 'encoder.py')], className: 'Encoder' }],
])('%j is sound', (run) => {
  expect(check(run)).toBe(null)
})

test.each([
  [{ module: 'missing', className: 'A' }, 'MODULE_NOT_FOUND', /no module missing in/],
  [{ module: 'package.missing', className: 'A' }, 'MODULE_NOT_FOUND', /no module package\.missing in/],
  [
    { module: 'encoder', className: 'A' },
    'EXPORT_NOT_FOUND',
    /encoder\.py has no class A\. Its classes: Encoder\.$/,
  ],
  [
    { module: 'broken', className: 'Encoder' },
    'MODULE_NOT_FOUND',
    /broken\.py:\d+: expected an indented block/,
  ],
  [
    { files: [path.join(folder, 'gone.py')], className: 'A' },
    'MODULE_NOT_FOUND',
    /gone\.py cannot be read: No such file/,
  ],
])('%j is refused', (run, code, message) => {
  expect(check(run)).toEqual({ code, message: expect.stringMatching(message) as string })
})
