import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { transformWithEsbuild } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { resolutionHint } from './typescript.js'

// Real processes: vitest has its own loader, so it cannot test Node's loaders in threads.

const folder = mkdtempSync(join(tmpdir(), 'millrace-typescript-'))
const source = dirname(fileURLToPath(import.meta.url))
const tsx = resolve(source, '../../node_modules/tsx')

beforeAll(async () => {
  mkdirSync(join(folder, 'dist/executor'), { recursive: true })
  for (const name of ['executor/typescript', 'errors']) {
    const { code } = await transformWithEsbuild(
      readFileSync(join(source, '..', `${name}.ts`), 'utf8'),
      `${name}.ts`,
    )
    writeFileSync(join(folder, 'dist', `${name}.js`), code)
  }
  writeFileSync(join(folder, 'dist/package.json'), '{"type":"module"}')
  writeFileSync(
    join(folder, 'dist/load.js'),
    `import { ensureTypeScript } from './executor/typescript.js'
import { pathToFileURL } from 'node:url'
const url = pathToFileURL(process.argv[2]).href
try {
  await ensureTypeScript(url)
  const exports = await import(url)
  console.log(JSON.stringify((exports.Thing ?? exports.default.Thing).at, null, 0))
} catch (error) {
  console.log(error.code, error.message)
}`,
  )
  writeFileSync(
    join(folder, 'dist/thread.js'),
    `import { Worker } from 'node:worker_threads'
new Worker(new URL('./load.js', import.meta.url), { argv: process.argv.slice(2) })`,
  )
  for (const [name, type] of [
    ['esm', 'module'],
    ['common', 'commonjs'],
    ['without', 'module'],
  ] as const) {
    mkdirSync(join(folder, name, 'node_modules'), { recursive: true })
    writeFileSync(join(folder, name, 'package.json'), `{"type":"${type}"}`)
    if (name === 'without') hideTsx(join(folder, name, 'node_modules/tsx'))
    else symlinkSync(tsx, join(folder, name, 'node_modules/tsx'))
    writeFileSync(join(folder, name, 'part.ts'), 'export const part: { at: string } = { at: "typed" }')
    writeFileSync(
      join(folder, name, 'thing.ts'),
      'import { part } from "./part.js"\nexport class Thing { static readonly at: string = part.at }',
    )
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A parent folder may contain tsx: a package without the entry points ends the search. */
function hideTsx(path: string): void {
  mkdirSync(path)
  writeFileSync(join(path, 'package.json'), '{"exports":{}}')
}

async function run(options: string[], entry: 'load.js' | 'thread.js', project: string): Promise<string> {
  const cwd = join(folder, project)
  const args = [...options, join(folder, 'dist', entry), join(cwd, 'thing.ts')]
  // remove what the test runner has set
  const env = { ...process.env, NODE_PATH: '', NODE_OPTIONS: '' }
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, env })
  return stdout.trim()
}

const loader = ['--import', `file://${join(tsx, 'dist/loader.mjs')}`]

test('a thread of plain Node loads TypeScript', async () => {
  expect(await run([], 'thread.js', 'esm')).toBe('"typed"')
})

test('a thread of a program that runs under tsx loads TypeScript', async () => {
  expect(await run(loader, 'thread.js', 'esm')).toBe('"typed"')
})

test('a process of plain Node loads TypeScript', async () => {
  expect(await run([], 'load.js', 'esm')).toBe('"typed"')
})

test('a process under tsx loads TypeScript without another loader', async () => {
  expect(await run(loader, 'load.js', 'without')).toBe('"typed"')
})

test('TypeScript in a CommonJS package is loaded, in a thread too', async () => {
  expect(await run([], 'thread.js', 'common')).toBe('"typed"')
  expect(await run([], 'load.js', 'common')).toBe('"typed"')
})

test('without tsx the error says what to install', async () => {
  const said = await run([], 'thread.js', 'without')
  // newer versions of Node strip the types of thing.ts, and then do not find part.js
  const stripsTypes = Boolean((process.features as { readonly typescript?: unknown }).typescript)
  expect(said).toMatch(
    stripsTypes ? /^ERR_MODULE_NOT_FOUND .*part\.js/u : /^MODULE_NOT_FOUND .*npm install --save-dev tsx/u,
  )
})

test('an import of .js that is .ts on the disk is explained', () => {
  const notFound = (name: string): Error =>
    Object.assign(new Error('Cannot find module'), {
      code: 'ERR_MODULE_NOT_FOUND',
      url: pathToFileURL(join(folder, 'esm', name)).href,
    })
  expect(resolutionHint(notFound('part.js'))).toMatch(/part\.ts, but .*part\.js .*npm install --save-dev tsx/)
  expect(resolutionHint(notFound('other.js'))).toBe('')
  expect(resolutionHint(new Error('else'))).toBe('')
})
