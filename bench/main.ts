import { assertPeers } from './measure/peers.js'
import { lineOf, writeReport, writeSection } from './report.js'
import type { Result, Row } from './row.js'
import { batching } from './rows/batching.js'
import { calls } from './rows/calls.js'
import { exactSearch } from './rows/exact-search.js'
import { fairness } from './rows/fairness.js'
import { fanOut } from './rows/fan-out.js'
import { merging } from './rows/merging.js'
import { idleConnections } from './rows/idle-connections.js'
import { indexRate } from './rows/index-rate.js'
import { lance } from './rows/lance.js'
import { manyShards } from './rows/many-shards.js'
import { memory } from './rows/memory.js'
import { observing } from './rows/observing.js'
import { overload } from './rows/overload.js'
import { passThrough } from './rows/pass-through.js'
import { pythonPods } from './rows/python-pods.js'
import { relay } from './rows/relay.js'
import { slowReplica } from './rows/slow-replica.js'
import { stages } from './rows/stages.js'
import { start } from './rows/start.js'
import { stream } from './rows/stream.js'
import { tutorial } from './rows/tutorial.js'
import { typed } from './rows/typed.js'
import { unary } from './rows/unary.js'
import { waiting } from './rows/waiting.js'
import { warmTutorial } from './rows/warm-tutorial.js'
import { web } from './rows/web.js'

// npm run bench              every row, and writes bench/RESULTS.md
// npm run bench -- 5 6 12    only these rows, writes nothing
// --section                  writes them as the section of this version of Node (`npm run bench:nodes`)
const groups: readonly Row[] = [
  tutorial,
  warmTutorial,
  waiting,
  unary,
  stream,
  passThrough,
  stages,
  fanOut,
  start,
  memory,
  slowReplica,
  overload,
  fairness,
  indexRate,
  exactSearch,
  merging,
  manyShards,
  calls,
  relay,
  web,
  idleConnections,
  lance,
  batching,
  observing,
  typed,
  pythonPods,
]

const args = process.argv.slice(2)
const isSection = args.includes('--section')
const asked = args.filter((arg) => arg !== '--section')
const known = groups.flatMap(({ rows }) => rows)
const unknown = asked.filter((row) => !known.includes(row))
if (unknown.length > 0) fail(`there is no row ${unknown.join(', ')}; rows: ${known.join(' ')}`)

const chosen = groups.filter(({ rows }) => asked.length === 0 || rows.some((row) => asked.includes(row)))
try {
  assertPeers(chosen.flatMap(({ needs }) => needs))
} catch (error) {
  fail((error as Error).message)
}

const results: Result[] = []
for (const group of chosen) {
  try {
    const measured = await group.measure()
    results.push(...measured)
    for (const result of measured) console.log(lineOf(result))
  } catch (error) {
    // Continue with the other rows. A missed target is not a failure, a missing figure is.
    console.error(`rows ${group.rows.join(', ')} could not be measured:`, error)
    process.exitCode = 1
  }
}
if (process.exitCode !== 1) {
  if (isSection) writeSection(results)
  else if (asked.length === 0) writeReport(results)
}

function fail(message: string): never {
  console.error(`bench: ${message}`)
  process.exit(1)
}
