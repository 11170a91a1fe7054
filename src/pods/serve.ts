import type { Service } from '../call/call.js'
import type { Listener } from '../transport/transport.js'
import type { ExecutorSpec } from '../worker/spec.js'
import { startWorker, type WorkerOptions } from '../worker/worker-start.js'

/** A listening worker: the inside of a pod. */
export interface Served {
  /** Number of running handlers. */
  readonly inFlight: number
  /** Resolves when the pod should exit with code 1, after an error listed in `exitOnExceptions`; otherwise never. */
  readonly gaveUp: Promise<unknown>
  /** Drains for at most `graceMs`, then closes the executor once its handlers have ended. */
  stop(graceMs: number): Promise<void>
}

/** Starts a worker and lets it listen. Rejects when the Executor does not start. */
export async function serve(
  spec: ExecutorSpec,
  listen: (service: Service) => Promise<Listener>,
  options: Pick<WorkerOptions, 'executorClass' | 'onStep' | 'ownsProcess' | 'logger'>,
): Promise<Served> {
  const worker = await startWorker(spec, options)
  const listener = await listen(worker)
  return {
    get inFlight() {
      return worker.inFlight
    },
    gaveUp: worker.gaveUp,
    async stop(graceMs) {
      worker.flush()
      await listener.close({ graceMs })
      await worker.close()
    },
  }
}
