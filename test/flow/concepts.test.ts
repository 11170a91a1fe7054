import type { Flow } from 'millrace'
import { podsOf } from '../../dist/internals.js'
import { type ConceptFlow, conceptsSuite } from '../support/concepts.suite.js'

async function startHere(flow: Flow<string>): Promise<ConceptFlow> {
  const running = await flow.start()
  return {
    get host() {
      return `grpc://127.0.0.1:${running.port}`
    },
    scale: (stage, replicas) => running.scale(stage, { replicas }),
    async kill(stage) {
      const victim = podsOf(running).find((pod) => pod.stage === stage)!
      victim.signal('SIGKILL')
      await victim.exited
    },
    async restart() {
      await running.close()
      await running.start()
    },
    remove: () => running.close(),
  }
}

conceptsSuite({ name: 'process', stage: { runtime: 'process' }, start: startHere })
conceptsSuite({ name: 'thread', stage: { runtime: 'thread' }, start: startHere })
