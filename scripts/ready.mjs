// Makes a fresh clone ready to run: installs the locked dependencies when they changed, builds what is out of date.
// Plain Node and npm only, because this runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const stamp = path.join(root, 'node_modules', '.millrace-ready')

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19))
  fail(`Millrace needs Node 20.19 or newer, this is ${process.version}.`)

const lock = createHash('sha256')
  .update(readFileSync(path.join(root, 'package-lock.json')))
  .digest('hex')
const installed = existsSync(stamp) && readFileSync(stamp, 'utf8') === lock
if (!installed) {
  console.error('Installing dependencies …')
  const npm = process.env.npm_execpath
  const command = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm']
  run(command[0], [...command.slice(1), 'ci', '--no-audit', '--no-fund', '--loglevel', 'error'])
  writeFileSync(stamp, lock)
}

// tsc -b compares time stamps and content itself, and does nothing when nothing changed
const tsc = createRequire(path.join(root, 'package.json')).resolve('typescript/bin/tsc')
run(process.execPath, [tsc, '-b'])
run(process.execPath, [path.join(root, 'scripts', 'bundle.mjs')])

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (result.error) fail(`${command} cannot be run: ${result.error.message}`)
  if (result.status !== 0) process.exit(result.status ?? 1)
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
