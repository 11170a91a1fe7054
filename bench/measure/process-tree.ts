import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks per second in /proc: USER_HZ, 100 on every Linux that Node runs on. */
const TICKS = 100

interface Stat {
  readonly pid: number
  readonly parent: number
  /** User and system time of the process and of the children it has reaped, in seconds. */
  readonly cpuS: number
}

/** The process and all living processes that it has started. */
export function treeOf(root: number): readonly number[] {
  return statsOf(root).map(({ pid }) => pid)
}

/** CPU seconds used by a process tree since the start of each process; includes ended children that were reaped. */
export function cpuSecondsOf(root: number): number {
  return statsOf(root).reduce((sum, { cpuS }) => sum + cpuS, 0)
}

/** CPU seconds of one process and the children it has reaped, without its living children. */
export function ownCpuSecondsOf(pid: number): number {
  return readStat(pid)?.cpuS ?? 0
}

/** Proportional set size of a process tree in bytes: shared pages count once, divided among the processes that share them. */
export function pssBytesOf(root: number): number {
  return treeOf(root).reduce((sum, pid) => sum + (readPss(pid) ?? 0), 0)
}

function statsOf(root: number): readonly Stat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== undefined)
  const found = all.filter(({ pid }) => pid === root)
  for (const parent of found) found.push(...all.filter((stat) => stat.parent === parent.pid))
  return found
}

function readStat(pid: number): Stat | undefined {
  const line = readOrUndefined(`/proc/${pid}/stat`)
  if (line === undefined) return undefined
  // The second field is the command in parentheses and may hold spaces; fields are counted from behind it.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0)
  return { pid, parent: Number(fields[1]), cpuS: ticks / TICKS }
}

function readPss(pid: number): number | undefined {
  const kilobytes = readOrUndefined(`/proc/${pid}/smaps_rollup`)?.match(/^Pss:\s+(\d+) kB/m)?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}

/** A process may end between two reads. */
function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
