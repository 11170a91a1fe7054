import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

const cache = path.resolve(import.meta.dirname, '../../../.cache')
const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel', 'error']

/**
 * A folder below `.cache/` with npm packages, which are installed when they are not there yet.
 *
 * @param packages `name@version`
 */
export async function toolchain(name: string, packages: readonly string[]): Promise<string> {
  const folder = path.join(cache, name)
  const stamp = path.join(folder, 'installed.txt')
  const wanted = packages.join('\n')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return folder
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }')
  await promisify(execFile)('npm', ['install', ...options, ...packages], { cwd: folder })
  writeFileSync(stamp, wanted)
  return folder
}

/** The program of the newest Node of a version; `test:nodes` keeps it in the same folder. */
export async function node(version: number): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`
  const program = path.join(cache, 'nodes', String(version), 'node_modules', name, 'bin', 'node')
  if (!existsSync(program)) await toolchain(`nodes/${version}`, [`${name}@${version}`])
  return program
}
