import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../..')
const quiet = ['--no-audit', '--no-fund', '--loglevel', 'error']

declare module 'vitest' {
  interface ProvidedContext {
    /** The `node_modules` of an empty project in which the packed package was installed. */
    installed: string
    /** Path of the packed package. */
    tarball: string
  }
}

export async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-package-'))
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root })
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  const tarballs = await run('sh', ['-c', 'ls *.tgz'], { cwd: folder })
  const tarball = path.join(folder, tarballs.stdout.trim())
  await run('npm', ['install', ...quiet, tarball], { cwd: folder })
  project.provide('tarball', tarball)
  project.provide('installed', path.join(folder, 'node_modules'))
  return () => rmSync(folder, { recursive: true })
}
