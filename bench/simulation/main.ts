import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { report } from './report.js'

// npm run simulate               writes bench/simulation.md
// npm run simulate -- --check    fails when that file is out of date
const file = fileURLToPath(new URL('../../../bench/simulation.md', import.meta.url))
const checks = process.argv.slice(2).includes('--check')

const text = await report((part) => console.error(`simulated: ${part}`))
if (!checks) writeFileSync(file, text)
else if (readFileSync(file, 'utf8') !== text) {
  console.error('simulate: bench/simulation.md is out of date; run npm run simulate and review the diff')
  process.exitCode = 1
}
