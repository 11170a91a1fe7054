import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { tarOf } from './tar.js'

test('tar reads an archive of texts of all lengths', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-tar-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const files = [0, 1, 511, 512, 513].map((length) => ({ path: `etc/x/${length}`, text: 'ü'.repeat(length) }))
  execFileSync('tar', ['-x', '-C', folder], {
    input: tarOf([...files, { path: 'run', text: '', mode: 0o755 }]),
  })
  for (const { path: name, text } of files) expect(readFileSync(path.join(folder, name), 'utf8')).toBe(text)
  expect(statSync(path.join(folder, 'run')).mode & 0o777).toBe(0o755)
  expect(() => tarOf([{ path: 'x'.repeat(100), text: '' }])).toThrow(/too long/)
})
