import { readFileSync } from 'node:fs'

/** What a process does, as its kernel counts it. */
export interface Activity {
  /** Stopped by a signal or a debugger. */
  readonly stopped: boolean
  /** CPU time of all its threads, in ticks (10 ms on Linux). */
  readonly ticks: number
}

/** Null where the system does not tell, or the process is gone. */
export function activityOf(pid: number): Activity | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return null
  }
}

/** proc(5): the name, in parentheses, may hold anything; then the state as field 3, utime 14 and stime 15. */
export function parseStat(text: string): Activity | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  if (Number.isNaN(ticks)) return null
  return { stopped: fields[0] === 'T' || fields[0] === 't', ticks }
}
