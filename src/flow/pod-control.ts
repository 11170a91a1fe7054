import { MillraceError } from '../errors.js'
import type { Runtime } from '../plan/stage-settings.js'
import type { Pod } from '../pods/pod.js'
import type { PodControl } from './pods-of.js'

export function podControl(stage: string, runtime: Runtime, pod: Pod): PodControl {
  const { name, pid } = pod
  return {
    stage,
    name,
    pid,
    runtime,
    signal(signal) {
      if (runtime === 'process') process.kill(pid, signal)
      else if (runtime === 'thread' && signal === 'SIGKILL') pod.kill()
      else throw new MillraceError('UNSUPPORTED', `${name} has no process of its own to send ${signal} to.`)
    },
    fault: (fault) => pod.fault(fault),
  }
}
