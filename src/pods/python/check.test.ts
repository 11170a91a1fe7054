import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { checkPython } from './check.js'

const folder = mkdtempSync(path.join(tmpdir(), 'millrace-check-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A program in place of Python, which reads its input as Python does. */
function stub(name: string, script: string): string {
  const file = path.join(folder, name)
  writeFileSync(file, `#!/bin/sh\ncat > ${file}.input\n${script}\n`)
  chmodSync(file, 0o755)
  return file
}

function check(interpreter: string, signal: AbortSignal = new AbortController().signal): Promise<void> {
  const python = { interpreter, files: ['/a.py'], module: null, className: 'A' }
  return checkPython([{ deployment: 'exec', env: {}, python }], signal)
}

it('accepts what the check of Python finds sound', async () => {
  await expect(check(stub('sound', 'echo null'))).resolves.toBeUndefined()
})

it('says what the check has found, with the name of the stage', async () => {
  const problem = JSON.stringify({ code: 'MODULE_NOT_FOUND', message: 'jina is not installed in /env' })
  await expect(check(stub('found', `echo '${problem}'`))).rejects.toMatchObject({
    code: 'MODULE_NOT_FOUND',
    message: "stage 'exec': jina is not installed in /env",
    where: { deployment: 'exec' },
  })
})

it.each([
  ['fails', 'echo broken >&2; exit 3', /does not run as Python: it exited with code 3\. broken$/],
  ['prints something else', 'echo hello', /does not run as Python: it exited with code 0$/],
  ['prints an unknown code', `echo '{"code":"NO","message":"x"}'`, /does not run as Python/],
])('refuses a program that %s', async (name, script, message) => {
  await expect(check(stub(name.replaceAll(' ', '-'), script))).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringMatching(message) as string,
  })
})

it('refuses a file that cannot be run', async () => {
  const file = path.join(folder, 'text')
  writeFileSync(file, 'no program')
  await expect(check(file)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
})

it('ends when the start is cancelled', async () => {
  const reason = new Error('enough')
  await expect(check(stub('never', 'sleep 600'), AbortSignal.abort(reason))).rejects.toBe(reason)
})
