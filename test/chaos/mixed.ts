import { actions, expectZeroLoss, randomScript } from 'millrace/testing'
import { onGround, say } from './stage.js'

export interface Mixed {
  readonly runtime: 'process' | 'thread'
  readonly seed: number
  readonly steps: number
  /** `/search` or `/index`. */
  readonly endpoint: string
}

/** A random script of all faults; the error of a failure lists its steps. */
export async function playMixed({ runtime, seed, steps, endpoint }: Mixed): Promise<void> {
  const isProcess = runtime === 'process'
  const stage = { runtime, replicas: 3, liveness: { timeoutMs: 1000 } }
  const queue = { maxRequests: 300 }
  // an overload makes requests of gRPC streams wait, while requests over HTTP are refused and have to be sent again
  const protocol = 'grpc'
  // a small heap fills up fast; a thread's heap is as large as the program's
  const env = { NODE_OPTIONS: '--max-old-space-size=64' }
  await onGround(
    { stage: { ...stage, env }, flow: { queue, protocol } },
    async ({ flow, usesWith, executions }) => {
      const script = randomScript({
        seed,
        steps,
        everyMs: 300,
        actions: [
          actions.scale('work', [2, 5]),
          actions.rollingUpdate('work', usesWith),
          actions.kill('work'),
          actions.throw('work'),
          actions.exit('work'),
          actions.block('work', 300),
          actions.block('work', 1800),
          actions.executorError('/fail'),
          actions.overload({ endpoint: '/search', requests: 600, parameters: { ms: 10 } }),
          ...(isProcess
            ? [actions.terminate('work'), actions.freeze('work', [50, 4000]), actions.outOfMemory('work')]
            : []),
        ],
      })
      const report = await expectZeroLoss(flow, script.run, {
        endpoint,
        parameters: { ms: 10 },
        seed,
        executions,
        ...(endpoint === '/index' ? { allow: ['OUTCOME_UNKNOWN'] } : { maxExecutions: 4 }),
      })
      say(`seed ${seed}, ${runtime}, ${endpoint}`, report)
    },
  )
}
