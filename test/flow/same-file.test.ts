import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const source = (name: string): string => path.resolve(import.meta.dirname, `../fixtures/${name}.ts`)
const run = promisify(execFile)

/** A fixture as `tsc` writes it; inside the package, so that it imports `millrace` by name. */
function compiled(name = 'same-file'): string {
  const folder = path.resolve(import.meta.dirname, '../../build/same-file')
  mkdirSync(folder, { recursive: true })
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }
  const { outputText } = ts.transpileModule(readFileSync(source(name), 'utf8'), { compilerOptions: options })
  const file = path.join(folder, `${name}.mjs`)
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

    it('works for a second Flow, which is built after the first one has run', async () => {
      const { stdout } = await run(process.execPath, [compiled('two-flows')], { env, timeout: 25_000 })
      expect(stdout.trim().split('\n')).toEqual(['the first', 'the second'])
    })

    it('is refused, with what to do, where the file defines it below the start of another Flow', async () => {
      const late = { ...env, LATE: 'yes' }
      const { stdout } = await run(process.execPath, [compiled('two-flows')], { env: late, timeout: 25_000 })
      expect(stdout).toMatch(
        /for the class Late, .* above the first flow\.start\(\), or in a file of its own/,
      )
    })

    it('works as TypeScript under tsx', async () => {
      const loader = import.meta.resolve('tsx')
      const { stdout } = await run(process.execPath, ['--import', loader, source('same-file')], {
        env,
        timeout: 25_000,
      })
      expect(stdout.trim()).toBe('["cba by reverse/rep-0"]')
    })
  },
)
