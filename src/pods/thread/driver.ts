import { MessageChannel, Worker } from 'node:worker_threads'
import { threadFlags } from '../../lib/thread-flags.js'
import { readLines } from '../../observe/lines.js'
import { threadEntry } from '../entries.js'
import { inheritedEnvironment } from '../environment.js'
import type { Driver, HostEvents } from '../host.js'
import type { FromPod, ToPod } from '../messages.js'
import { describeFailure, describeUncopyable } from '../start-failure.js'
import { OpenProfiles } from '../profiles.js'
import type { ThreadStart } from './entry.js'

/** A worker thread of this process. Its heap limit is Node's default; exceeding it kills only the thread. */
export const startThread: Driver = (spec, events) => {
  const { port1, port2 } = new MessageChannel()
  const profiles = new OpenProfiles()
  const thread = createThread(
    { spec, port: port1 },
    {
      ...events,
      exited(reason, code) {
        profiles.end(reason)
        events.exited(reason, code)
      },
    },
  )
  thread?.on('message', (message: FromPod | null) => {
    if (message?.kind === 'ready') events.ready({ kind: 'port', port: port2 })
    else if (message?.kind === 'failed') events.failed(message.failure)
    else if (message?.kind === 'step') events.step(message.step)
    else if (message?.kind === 'profiled') profiles.done(message)
  })
  const end = (): void => void thread?.terminate()
  return {
    pid: process.pid,
    stop: (graceMs) => thread?.postMessage({ kind: 'stop', graceMs } satisfies ToPod),
    terminate: end,
    kill: end,
    profile: (order) => profiles.order(order, (message) => thread?.postMessage(message)),
    fault: (fault) => thread?.postMessage({ kind: 'fault', fault } satisfies ToPod),
  }
}

/** Null when the thread cannot be created, or the options cannot be copied to it; the events have reported it. */
function createThread(start: ThreadStart, events: HostEvents): Worker | null {
  try {
    const thread = new Worker(threadEntry, {
      ...threadFlags(process.execArgv),
      name: start.spec.name,
      env: inheritedEnvironment(start.spec),
      stdout: true,
      stderr: true,
      workerData: start,
      transferList: [start.port],
    })
    watch(thread, events)
    return thread
  } catch (error) {
    events.failed(isUncopyable(error) ? describeUncopyable(error) : describeFailure(error))
    events.exited('was not started')
    return null
  }
}

function isUncopyable(error: unknown): boolean {
  return error instanceof Error && error.name === 'DataCloneError'
}

function watch(thread: Worker, events: HostEvents): void {
  const output = [thread.stdout, thread.stderr].map((stream) => readLines(stream, events.line))
  let why: string | null = null
  thread.on('error', (error: Error & { code?: unknown }) => {
    why = diedOf(error)
  })
  thread.on('exit', (code) => {
    void Promise.all(output).then(() => events.exited(why ?? `exited with code ${code}`, code))
  })
}

function diedOf(error: Error & { code?: unknown }): string {
  if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') return `ran out of memory (${error.message})`
  return `died of ${error.stack ?? error.message}`
}
