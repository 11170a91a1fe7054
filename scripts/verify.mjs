// What CI checks before it tests, in one command: types, lint, format, import rule, WebAssembly, dead code, docstrings, package.
// Stops at the first failure.
import { spawnSync } from 'node:child_process'

const steps = [
  { name: 'types', command: 'node', args: ['scripts/ready.mjs'] },
  { name: 'lint', command: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'format', command: 'biome', args: ['format', '.'] },
  { name: 'import rule', command: 'depcruise', args: ['--config', '.dependency-cruiser.cjs', 'src'] },
  { name: 'WebAssembly', command: 'node', args: ['scripts/wasm.mjs', '--check'] },
  { name: 'dead code', command: 'knip', args: [] },
  { name: 'reference', command: 'npm', args: ['run', '--silent', 'docs'] },
  { name: 'package', command: 'publint', args: ['--strict'] },
  { name: 'package types', command: 'attw', args: ['--pack', '.', '--profile', 'esm-only'] },
]

const bin = new URL('../node_modules/.bin', import.meta.url).pathname
const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` }

for (const { name, command, args } of steps) {
  const started = performance.now()
  const { status } = spawnSync(command, args, { stdio: 'inherit', env, cwd: new URL('..', import.meta.url) })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  if (status !== 0) {
    console.error(`verify: ${name} failed after ${seconds} s`)
    process.exit(status ?? 1)
  }
  console.error(`verify: ${name} passed in ${seconds} s`)
}
