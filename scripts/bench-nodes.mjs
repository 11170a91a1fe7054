// Measures the rows of the call path on newer versions of Node, and writes a section for each into bench/RESULTS.md:
//
//   node scripts/bench-nodes.mjs [version …] [--rows ROW,…]   versions: 22 24 26, default 24 26; all that runs JavaScript is that Node
//
// BENCH_ROUNDS=1 is a quick look. The built bench is used (`npm run bench:nodes` builds it).
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { installedNode, root, supported } from './installed-node.mjs'

/** Calls, large messages and hops. */
const callPath = ['5', '6', '7', '10', '23', '24', '25']

const args = process.argv.slice(2)
const at = args.indexOf('--rows')
const rows = at < 0 ? callPath : (args[at + 1] ?? '').split(',')
const versions = at < 0 ? args : [...args.slice(0, at), ...args.slice(at + 2)]
const unknown = versions.filter((version) => !supported.includes(version))
if (unknown.length > 0) {
  console.error(`The bench runs on Node ${supported.join(', ')}, not on ${unknown.join(', ')}.`)
  process.exit(1)
}
for (const version of versions.length > 0 ? versions : ['24', '26']) {
  const node = installedNode(version)
  const bench = path.join(root, 'build', 'bench', 'main.js')
  const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` }
  const { status } = spawnSync(node, [bench, '--section', ...rows], { stdio: 'inherit', cwd: root, env })
  if (status !== 0) process.exitCode = 1
}
