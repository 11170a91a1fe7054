import path from 'node:path'
import { expect, test } from 'vitest'
import { packageModule } from './package-module.js'

const root = path.resolve(import.meta.dirname, '../..')

test('a module of an installed package is found by its name, from a folder or from this package', () => {
  expect(packageModule('yaml', [root])).toMatch(/node_modules\/yaml\/.*\.js$/)
  expect(packageModule('millrace/indexer', ['/nowhere'])).toBe(path.join(root, 'dist/indexer/index.js'))
})

test('paths, modules of Node and packages that are not installed are none', () => {
  for (const name of ['./yaml', '/yaml', 'fs', 'no-such-package/door', 'millrace/no-such-door', 'C:\\yaml'])
    expect(packageModule(name, [root]), name).toBeNull()
})
