import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const source = path.resolve(import.meta.dirname, '../fixtures/same-file.ts')
const run = promisify(execFile)

/** The fixture as `tsc` writes it; inside the package, so that it imports `millrace` by name. */
function compiled(): string {
  const folder = path.resolve(import.meta.dirname, '../../build/same-file')
  mkdirSync(folder, { recursive: true })
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }
  const { outputText } = ts.transpileModule(readFileSync(source, 'utf8'), { compilerOptions: options })
  const file = path.join(folder, 'same-file.mjs')
  writeFileSync(file, outputText)
  return file
}

describe.each(['process', 'thread'] as const)(
  'an Executor in the file that starts the Flow, %s pods',
  (runtime) => {
    const env = { ...process.env, RUNTIME: runtime }

    it('works as compiled JavaScript', async () => {
      const { stdout } = await run(process.execPath, [compiled()], { env, timeout: 25_000 })
      expect(stdout.trim()).toBe('["cba by reverse/rep-0"]')
    })

    it('works as TypeScript under tsx', async () => {
      const loader = import.meta.resolve('tsx')
      const { stdout } = await run(process.execPath, ['--import', loader, source], { env, timeout: 25_000 })
      expect(stdout.trim()).toBe('["cba by reverse/rep-0"]')
    })
  },
)
