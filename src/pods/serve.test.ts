import { expect, test } from 'vitest'
import { callOf } from '../call/call.suite.js'
import type { Service } from '../call/call.js'
import { Executor } from '../executor/executor.js'
import { requestOf } from '../executor/fixtures.suite.js'
import type { Listener } from '../transport/transport.js'
import type { ExecutorSpec } from '../worker/spec.js'
import { serve } from './serve.js'

class Batched extends Executor {
  static override requests = {
    '/x': { method: 'run', batch: { size: 8, idle: 'wait', timeoutMs: 60_000 } },
  } as const
  run() {}
}

test('a pod that stops flushes the requests that wait for a batch, and only then its listener has drained', async () => {
  let service: Service | undefined
  let answer: Promise<unknown> = Promise.resolve()
  const listen = async (given: Service): Promise<Listener> => {
    service = given
    return { address: { kind: 'memory', service: given }, close: async () => void (await answer) }
  }
  const spec = {
    ...{ module: null, className: null, usesWith: {}, usesMetas: {}, usesRequests: {}, workspace: null },
    ...{ holder: null, maxConcurrency: null, capacity: 10, exitOnExceptions: [], podName: 'exec/rep-0' },
    ...{ deployment: 'exec', flow: null, replica: 0, replicas: 1, shardId: 0, shards: 1 },
  } satisfies ExecutorSpec
  const served = await serve(spec, listen, { executorClass: Batched })
  answer = service!.handle(requestOf('/x'), callOf())
  expect(served.inFlight).toBe(1)
  await served.stop(1000)
  await expect(answer).resolves.toMatchObject({ endpoint: '/x' })
})
