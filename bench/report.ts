import { readFileSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'

import { repositoryPath } from './measure/peers.js'
import { median, spread } from './measure/statistics.js'
import type { Figure, Result } from './row.js'

/** `ours` over `peer`, or `ours` itself where the target is absolute. */
export function valueOf(result: Result): number {
  const ours = median(result.ours.values)
  return result.peer === undefined ? ours : ours / median(result.peer.values)
}

export function isMet(result: Result): boolean {
  const value = valueOf(result)
  return result.relation === '≤' ? value <= result.must : value >= result.must
}

/** One line for the terminal. */
export function lineOf(result: Result): string {
  const { row, what, unit, ours, peer, note } = result
  const remark = note === undefined ? '' : `; ${note}`
  const against = peer === undefined ? '' : `, ${peer.name} ${show(median(peer.values))} ${unit}`
  const verdict = `${show(valueOf(result))} (must be ${target(result)}: ${isMet(result) ? 'met' : 'MISSED'})`
  return `${row.padEnd(4)} ${what}: ${ours.name} ${show(median(ours.values))} ${unit}${against} → ${verdict}${remark}`
}

interface Machine {
  readonly cores: number
  readonly processor: string
  readonly memoryGb: number
  readonly node: string
  readonly kernel: string
  readonly day: string
  readonly commit: string
}

/** Results of one run. */
interface Section {
  readonly machine: Machine
  readonly results: readonly Result[]
}

/** What bench/RESULTS.json has: one run of all rows, and one of some rows for each other version of Node. */
export interface Report extends Section {
  /** By major version. */
  readonly nodes?: Readonly<Record<string, Section>>
}

/** Replaces the run of all rows in bench/RESULTS.md and bench/RESULTS.json. */
export function writeReport(results: readonly Result[]): void {
  const { nodes } = readReport()
  write({ ...section(results), ...(nodes === undefined ? {} : { nodes }) })
}

/** Replaces the section of this version of Node there. */
export function writeSection(results: readonly Result[]): void {
  const report = readReport()
  const [major] = process.versions.node.split('.') as [string]
  write({ ...report, nodes: { ...report.nodes, [major]: section(results) } })
}

function readReport(): Report {
  return JSON.parse(readFileSync(repositoryPath('bench/RESULTS.json'), 'utf8')) as Report
}

function section(results: readonly Result[]): Section {
  const machine = {
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    kernel: release().split('-')[0] ?? '',
    day: new Date().toISOString().slice(0, 10),
    commit: commit(),
  }
  return {
    machine,
    results: results.map((result) => ({ ...result, value: valueOf(result), met: isMet(result) })),
  }
}

function write(report: Report): void {
  writeFileSync(repositoryPath('bench/RESULTS.json'), `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(repositoryPath('bench/RESULTS.md'), markdownOf(report))
}

/** The text of bench/RESULTS.md. */
export function markdownOf({ machine, results, nodes = {} }: Report): string {
  const lines = [
    '# Results',
    '',
    'Written by `npm run bench`; [README.md](README.md) describes how each row is measured, and every single value is in',
    '[RESULTS.json](RESULTS.json).',
    '',
    machineLine(machine),
    'Everything is measured side by side in one run, in turns; figures are medians, the spread is (largest − smallest) / median.',
    '',
    ...table(results),
    ...Object.values(nodes).flatMap(({ machine: other, results: theirs }) => [
      '',
      `## Node ${other.node}`,
      '',
      machineLine(other),
      'The rows of the call path, by `npm run bench:nodes`; their peers in JavaScript run on the same Node.',
      '',
      ...table(theirs),
    ]),
    '',
  ]
  return lines.join('\n')
}

function machineLine({ cores, processor, memoryGb, node, kernel, day, commit: measured }: Machine): string {
  return `Machine: ${cores} cores (${processor}), ${memoryGb} GB, Linux ${kernel}, Node ${node}; ${day}, commit ${measured}.`
}

function table(results: readonly Result[]): string[] {
  return [
    '| row | what | ours | peer | ratio or value | must | met | aim | spread ours / peer | remark |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...results.map(tableLine),
  ]
}

/** The commit that was measured, with a remark when files differ from it. */
function commit(): string {
  const git = (...args: string[]): string =>
    spawnSync('git', args, { cwd: repositoryPath('.'), encoding: 'utf8' }).stdout.trim()
  return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ' and changes')
}

function tableLine(result: Result): string {
  const { row, what, unit, ours, peer, aim, relation, note } = result
  const figure = (one: Figure): string => `${one.name}: ${show(median(one.values))} ${unit}`
  const percent = (one: Figure): string => `${Math.round(spread(one.values) * 100)} %`
  const cells = [
    row,
    what,
    figure(ours),
    peer === undefined ? '–' : figure(peer),
    show(valueOf(result)),
    target(result),
    isMet(result) ? 'yes' : '**no**',
    aim === undefined ? '' : `${relation} ${show(aim)}`,
    [ours, ...(peer === undefined ? [] : [peer])].map(percent).join(' / '),
    note ?? '',
  ]
  return `| ${cells.join(' | ')} |`
}

function target({ relation, must }: Result): string {
  return `${relation} ${show(must)}`
}

/** Three significant digits. */
function show(value: number): string {
  if (value === 0) return '0'
  if (!Number.isFinite(value)) return '–'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toFixed(Math.min(digits, 4))
}
