import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** The package, without any other package installed. */
const folder = mkdtempSync(path.join(tmpdir(), 'millrace-alone-'))
beforeAll(() =>
  cpSync(path.resolve(import.meta.dirname, '../../dist'), path.join(folder, 'dist'), { recursive: true }),
)
afterAll(() => rmSync(folder, { recursive: true }))

async function run(program: string): Promise<string> {
  const file = path.join(folder, 'program.mjs')
  writeFileSync(file, program)
  const { stdout } = await promisify(execFile)(process.execPath, [file])
  return stdout.trim()
}

test('without LanceDB the constructor of VectorIndexer says what to install', async () => {
  const said = await run(`
    import { VectorIndexer } from './dist/indexer/index.js'
    try { new VectorIndexer({ workspace: '.' }) } catch (error) { console.log(error.code, error.message) }
  `)
  expect(said).toMatch(/^MODULE_NOT_FOUND .*npm install @lancedb\/lancedb@0\.37\.1 apache-arrow@18\.1\.0$/)
})

test('without LanceDB everything else works, and does not load the indexer', async () => {
  const said = await run(`
    import { Document } from './dist/index.js'
    console.log(new Document({ text: 'here' }).text)
  `)
  expect(said).toBe('here')
})
