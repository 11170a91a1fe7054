import { MessageChannel, Worker } from 'node:worker_threads'
import type { Driver, HostEvents } from '../host.js'
import type { FromPod, ToPod } from '../messages.js'
import { readLines } from '../output.js'
import type { ThreadStart } from './entry.js'

/** A worker thread of this process. Its heap limit is Node's default; a thread that exceeds it dies alone. */
export const startThread: Driver = (spec, events) => {
  const { port1, port2 } = new MessageChannel()
  const thread = new Worker(new URL('./entry.js', import.meta.url), {
    name: spec.name,
    env: { ...process.env, ...spec.env },
    stdout: true,
    stderr: true,
    workerData: { spec, port: port1 } satisfies ThreadStart,
    transferList: [port1],
  })
  readLines(thread.stdout, events.line)
  readLines(thread.stderr, events.line)
  thread.on('message', (message: FromPod) => {
    if (message.kind === 'ready') events.ready({ kind: 'port', port: port2 })
    else events.failed(message.failure)
  })
  watch(thread, events)
  const end = (): void => void thread.terminate()
  return {
    pid: process.pid,
    stop: (graceMs) => thread.postMessage({ kind: 'stop', graceMs } satisfies ToPod),
    terminate: end,
    kill: end,
  }
}

function watch(thread: Worker, events: HostEvents): void {
  let why: string | null = null
  thread.on('error', (error: Error & { code?: unknown }) => {
    why =
      error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? `ran out of memory (${error.message})`
        : `died of ${error.stack ?? error.message}`
  })
  // its last output may still be on the way
  thread.on('exit', (code) => setImmediate(() => events.exited(why ?? `exited with code ${code}`)))
}
