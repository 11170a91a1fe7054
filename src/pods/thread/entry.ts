import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { enterPod } from '../../executor/load.js'
import { relayLogs } from '../../observe/relay.js'
import { listenPort } from '../../transport/port/listener.js'
import type { StartStep } from '../../worker/construct.js'
import { commit } from '../fault.js'
import type { FromPod, ToPod } from '../messages.js'
import type { PodSpec } from '../pod.js'
import { answerProfile } from '../profiles.js'
import { serve } from '../serve.js'
import { describeFailure } from '../start-failure.js'

/** How long a pod drains after an error of `exitOnExceptions`. */
const ownGraceMs = 10_000

export interface ThreadStart {
  readonly spec: PodSpec
  readonly port: MessagePort
}

if (!isMainThread && parentPort !== null) void run(parentPort, workerData as ThreadStart)

async function run(control: MessagePort, { spec, port }: ThreadStart): Promise<void> {
  const tell = (message: FromPod): void => control.postMessage(message)
  control.ref() // keeps the thread alive during a start that only waits for a timer
  enterPod()
  relayLogs()
  try {
    const onStep = (step: StartStep): void => tell({ kind: 'step', step })
    const served = await serve(spec.executor, (service) => listenPort(service, port, {}), { onStep })
    const stop = (graceMs: number, code: number): void =>
      void served.stop(graceMs).then(() => process.exit(code))
    void served.gaveUp.then(() => stop(ownGraceMs, 1))
    control.on('message', (message: ToPod | null) => {
      if (message?.kind === 'stop') stop(message.graceMs, 0)
      else if (message?.kind === 'fault') commit(message.fault)
      else if (message?.kind === 'profile') void answerProfile(message, tell)
    })
    tell({ kind: 'ready' })
  } catch (error) {
    tell({ kind: 'failed', failure: describeFailure(error) })
    process.exit(1)
  }
}
