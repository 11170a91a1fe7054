import { writeFileSync } from 'node:fs'
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

/** Writes bench/RESULTS.md and bench/RESULTS.json. */
export function writeReport(results: readonly Result[]): void {
  const machine = {
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    kernel: release().split('-')[0] ?? '',
    day: new Date().toISOString().slice(0, 10),
    commit: commit(),
  }
  writeFileSync(
    repositoryPath('bench/RESULTS.json'),
    `${JSON.stringify({ machine, results: results.map((result) => ({ ...result, value: valueOf(result), met: isMet(result) })) }, null, 2)}\n`,
  )
  const { cores, processor, memoryGb, node, kernel, day, commit: measured } = machine
  const lines = [
    '# Results',
    '',
    'Written by `npm run bench`; [README.md](README.md) describes how each row is measured, and every single value is in',
    '[RESULTS.json](RESULTS.json).',
    '',
    `Machine: ${cores} cores (${processor}), ${memoryGb} GB, Linux ${kernel}, Node ${node}; ${day}, commit ${measured}.`,
    'Everything is measured side by side in one run, in turns; figures are medians, the spread is (largest − smallest) / median.',
    '',
    '| row | what | ours | peer | ratio or value | must | met | aim | spread ours / peer | remark |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...results.map(tableLine),
    '',
  ]
  writeFileSync(repositoryPath('bench/RESULTS.md'), lines.join('\n'))
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
