import { existsSync, readlinkSync } from 'node:fs'

/** Whether a process of this machine (of this container) has that id, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { readonly code?: unknown }).code === 'EPERM'
  }
}

/** The thread that calls this, as the system knows it: `PID/task/TID` on Linux, null elsewhere. */
export function ownThread(): string | null {
  try {
    // proc(5); read synchronously, so that it is this thread that reads it
    return readlinkSync('/proc/thread-self')
  } catch {
    return null
  }
}

/** Whether a thread of this machine (of this container) runs. */
export function isThreadAlive(thread: string): boolean {
  return existsSync(`/proc/${thread}`)
}
