import { MillraceError } from '../errors.js'
import type { PodKind } from '../pods/index.js'
import type { Pod } from '../pods/pod.js'
import type { PodControl } from './pods-of.js'

/** Controls one pod of a running Flow, for tests; `signal()` throws UNSUPPORTED for pods without their own process. */
export function podControl(stage: string, runtime: PodKind, pod: Pod): PodControl {
  const { name, pid, exited } = pod
  return {
    stage,
    name,
    pid,
    runtime,
    exited,
    signal(signal) {
      if (runtime === 'process' || runtime === 'python') send(pid, signal)
      else if (runtime !== 'inline' && signal === 'SIGKILL') pod.kill()
      else throw new MillraceError('UNSUPPORTED', `${name} has no process of its own to send ${signal} to.`)
    },
    fault: (fault) => pod.fault(fault),
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // the process has exited, but its last output is still being read
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
