import { enterPod } from '../../executor/load.js'
import { systemClock } from '../../lib/clock.js'
import { relayLogs } from '../../observe/relay.js'
import { listenSocket } from '../../transport/socket/listener.js'
import type { StartStep } from '../../worker/construct.js'
import { commit } from '../fault.js'
import type { FromPod, ToPod } from '../messages.js'
import { answerProfile } from '../profiles.js'
import { type Served, serve } from '../serve.js'
import { describeFailure } from '../start-failure.js'

/** How long a pod drains after SIGTERM or after an error of `exitOnExceptions`. */
const ownGraceMs = 10_000

/** How long a pod whose parent has exited may drain. */
const orphanedGraceMs = 1000

let served: Served | null = null
let stopping = false
/** Whether the parent was told about a SIGTERM. */
let terminated = false

enterPod()
relayLogs()
// other libraries may use the channel too
process.on('message', (message: ToPod | null) => {
  if (message === null) return
  switch (message.kind) {
    case 'start':
      void start(message)
      return
    case 'stop':
      void stop(message.graceMs)
      return
    case 'fault':
      commit(message.fault)
      return
    case 'profile':
      void answerProfile(message, tell)
  }
})
process.on('disconnect', () => {
  systemClock.after(orphanedGraceMs * 2, () => process.exit(1))
  void stop(orphanedGraceMs)
})
// Ctrl-C reaches the whole process group of the terminal; the Flow handles it
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {
  // it may have reached the whole process group: then the gateway still sends its requests, and the Flow stops this pod later
  if (process.connected && served !== null && !stopping && !terminated) {
    terminated = true
    tell({ kind: 'terminated' })
    return
  }
  // second SIGTERM: abandon running handlers, but let an executor finish its close()
  if (stopping && (served === null || served.inFlight > 0)) process.exit(1)
  void stop(ownGraceMs)
})

async function start({ spec, socketPath }: Extract<ToPod, { kind: 'start' }>): Promise<void> {
  try {
    const onStep = (step: StartStep): void => tell({ kind: 'step', step })
    served = await serve(spec.executor, (service) => listenSocket(socketPath, service, {}), { onStep })
    void served.gaveUp.then(() => stop(ownGraceMs, 1))
    tell({ kind: 'ready' })
  } catch (error) {
    tell({ kind: 'failed', failure: describeFailure(error) }, () => process.exit(1))
  }
}

async function stop(graceMs: number, code = 0): Promise<void> {
  if (stopping) return
  stopping = true
  try {
    await served?.stop(graceMs)
    process.exit(code)
  } catch (error) {
    console.error(error)
    process.exit(1)
  }
}

function tell(message: FromPod, told: () => void = () => {}): void {
  if (process.connected) process.send!(message, undefined, {}, told)
  else told()
}
