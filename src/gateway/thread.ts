import { parentPort, workerData } from 'node:worker_threads'
import { MillraceError } from '../errors.js'
import { type Command, packError, type Reduced, type Report } from './control.js'
import { createGateway } from './gateway.js'
import { programReducer } from './program-reducer.js'
import type { GatewaySpec } from './spec.js'

/** The entry of the gateway's thread: its own event loop, so that a busy program does not stall its clients. */

const host = parentPort
if (host === null)
  throw new MillraceError(
    'INTERNAL',
    'This module is the entry of a worker thread; start it with startGateway().',
  )

const report = (message: Report): void => host.postMessage(message)
const reducer = programReducer(report)
const gateway = createGateway(workerData as GatewaySpec, {
  reduceInProgram: reducer.reduce,
  // '../gateway' and not '.', because at run time this file is part of a bundle (scripts/bundle.mjs)
  jsonThread: new URL('../gateway/protocols/http/json/thread.js', import.meta.url),
})

gateway.onEvent((event) => report({ kind: 'event', event }))

host.on('message', (command: Command | Reduced) => {
  if (command.kind === 'reduced' || command.kind === 'not-reduced') return reducer.hear(command)
  const { id } = command
  run(command).then(
    (value) => report({ kind: 'done', id, value }),
    (error: unknown) => report({ kind: 'failed', id, error: packError(error) }),
  )
})

async function run(command: Command): Promise<unknown> {
  switch (command.kind) {
    case 'listen':
      return gateway.listen()
    case 'add':
      return gateway.add(command.stage, command.pod, command.address)
    case 'remove':
      return gateway.remove(command.stage, command.pod, command.removal)
    case 'expect':
      return gateway.expect(command.stage, command.expectation)
    case 'supervise':
      return gateway.supervise(command.stage, command.counts)
    case 'status':
      return gateway.status()
    case 'refused-by-rate':
      return gateway.refusedByRate()
    case 'profile':
      return (await import('../observe/profile/take-profile.js')).takeProfile(command.order)
    case 'ready':
      return gateway.ready()
    case 'accept':
      return gateway.accept(command.port)
    case 'close':
      return gateway.close(command)
  }
}
