import { readFileSync } from 'node:fs'
import type { Flow } from 'millrace'

/** Clock ticks per second in /proc: USER_HZ, 100 on every Linux that Node runs on. */
const ticksPerSecond = 100

/** CPU seconds of this program and of the Flow's pods so far; undefined where there is no /proc to read them from. */
export async function cpuSeconds(running: Pick<Flow, 'status'>): Promise<number | undefined> {
  const { stages } = await running.status()
  const pods = stages.flatMap((stage) => stage.pods.map(({ pid }) => pid))
  // pods in threads have the id of this program
  const pids = new Set([process.pid, ...pods.filter((pid) => pid !== null)])
  try {
    return Array.from(pids, cpuSecondsOf).reduce((sum, seconds) => sum + seconds, 0)
  } catch {
    return undefined
  }
}

/** Fields 14 and 15 of proc(5): user and system time of all threads. */
function cpuSecondsOf(pid: number): number {
  const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // the second field is the program's name in parentheses, which may contain spaces
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}
