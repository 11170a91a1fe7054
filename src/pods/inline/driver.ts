import { MessageChannel } from 'node:worker_threads'
import { MillraceError } from '../../errors.js'
import { listenPort } from '../../transport/port/listener.js'
import type { Driver } from '../host.js'
import { type Served, serve } from '../serve.js'
import { describeFailure } from '../start-failure.js'

/**
 * A worker on this thread, reached through a MessagePort because the gateway has its own thread. It shares output,
 * environment and crashes with the program, and cannot be killed: a handler that never ends is abandoned.
 */
export const startInline: Driver = ({ name, executor }, events, { executorClass }) => {
  const { port1, port2 } = new MessageChannel()
  const serving: Promise<Served | null> = serve(executor, (service) => listenPort(service, port1, {}), {
    onStep: events.step,
    ownsProcess: false,
    ...(executorClass !== undefined && { executorClass }),
  })
  let over = false
  const exited = (reason: string): void => {
    if (over) return
    over = true
    port1.close()
    events.exited(reason)
  }
  void serving.then(
    () => events.ready({ kind: 'port', port: port2 }),
    (error: unknown) => {
      events.failed(describeFailure(error))
      exited('did not start')
    },
  )
  const leave = (): void => exited('was left behind: what runs on the main thread cannot be killed')
  return {
    pid: process.pid,
    stop(graceMs) {
      void serving
        .then((served) => served?.stop(graceMs))
        .then(
          () => exited('stopped'),
          (error: unknown) => exited(`stopped, but its close() threw: ${describeFailure(error).message}`),
        )
    },
    terminate: leave,
    kill: leave,
    async profile(order) {
      const { takeProfile } = await import('../../observe/profile/take-profile.js')
      await takeProfile(order)
    },
    fault() {
      throw new MillraceError(
        'UNSUPPORTED',
        `${name} runs inline: what makes it fail makes the program fail.`,
      )
    },
  }
}
