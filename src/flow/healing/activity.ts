import { readFileSync } from 'node:fs'

/** Whether a process runs and how much CPU time it has used, according to the kernel. */
export interface Activity {
  /** Stopped by a signal or a debugger. */
  readonly stopped: boolean
  /** CPU time of all its threads, in ticks (10 ms on Linux). */
  readonly ticks: number
}

/** Null when the system does not provide it, or the process has exited. */
export function activityOf(pid: number): Activity | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return null
  }
}

/** Parses /proc/PID/stat, see proc(5): the name in parentheses may contain anything; state is field 3, utime 14, stime 15. */
export function parseStat(text: string): Activity | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  if (Number.isNaN(ticks)) return null
  return { stopped: fields[0] === 'T' || fields[0] === 't', ticks }
}
