import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { systemClock } from '../../lib/clock.js'
import type { HostEvents } from '../host.js'

/** How long to wait for the last output of a dead process: a grandchild that inherited its pipes could hold them open forever. */
const lastOutputMs = 200

/** Reports once that a child has exited, or could not be started, after its last output. */
export function watchChild(child: ChildProcess, events: Pick<HostEvents, 'exited'>): void {
  let over = false
  const exited = (reason: string, code?: number): void => {
    if (over) return
    over = true
    events.exited(reason, code)
  }
  child.on('error', (error) => {
    if (child.pid === undefined) exited(`could not be started: ${error.message}`)
  })
  child.on('exit', (code, signal) => {
    const reason = signal === null ? `exited with code ${code}` : `was killed by ${signal}`
    const told = signal === null ? (code ?? 0) : 128 + constants.signals[signal]
    const cancel = systemClock.after(lastOutputMs, () => exited(reason, told))
    child.on('close', () => {
      cancel()
      exited(reason, told)
    })
  })
}
