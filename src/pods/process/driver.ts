import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { readLines } from '../../observe/lines.js'
import { processEntry } from '../entries.js'
import type { Driver, Host, HostEvents } from '../host.js'
import type { FromPod, ToPod } from '../messages.js'
import { OpenProfiles } from '../profiles.js'
import type { PodSpec } from '../pod.js'
import { nextPrivatePath, releasePrivatePath } from '../../workspace/private-folder.js'
import { describeUncopyable } from '../start-failure.js'
import { inheritedEnvironment } from '../environment.js'
import { nodeCommand } from './command.js'
import { watchChild } from './watch-child.js'
import { spawnOrRelease } from './spawn-or-release.js'

/** V8 prints this line before a long stack and SIGABRT, so it is not among the pod's last lines. */
const outOfMemory = /^FATAL ERROR: .*heap out of memory/i

/** A child process: a crash, a leak or a blocking native call affects one replica only. */
export const startProcess: Driver = (spec, events) => startWith(spawn, spec, events)

/** As `startProcess`, with the function that creates the process. */
export function startWith(create: typeof spawn, spec: PodSpec, events: HostEvents): Host {
  const socketPath = nextPrivatePath('sock')
  const { file, args } = nodeCommand(fileURLToPath(processEntry))
  const child = spawnOrRelease([socketPath], () =>
    create(file, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // as for thread pods: options may contain values that JSON does not support
      serialization: 'advanced',
      env: inheritedEnvironment(spec),
    }),
  )
  const profiles = new OpenProfiles()
  let fatalLine: string | null = null
  const onLine = (line: string): void => {
    if (outOfMemory.test(line)) fatalLine = line
    events.line(line)
  }
  // a child without descriptors for its pipes has no streams: it has failed, and its `error` event reports that
  for (const stream of [child.stdout, child.stderr]) if (stream) void readLines(stream, onLine)
  child.on('message', (message) => {
    const told = message as FromPod | null
    if (told?.kind === 'ready') events.ready({ kind: 'socket', path: socketPath })
    else if (told?.kind === 'failed') events.failed(told.failure)
    else if (told?.kind === 'step') events.step(told.step)
    else if (told?.kind === 'terminated') events.terminated()
    else if (told?.kind === 'profiled') profiles.done(told)
    else passOn(message)
  })
  watchChild(child, {
    exited(reason, code) {
      profiles.end(reason)
      releasePrivatePath(socketPath)
      const aborted = fatalLine !== null && reason.includes('SIGABRT')
      events.exited(aborted ? `ran out of memory (${fatalLine})` : reason, code)
    },
  })
  const tell = (message: ToPod): void => {
    // a child that has exited is reported by its exit event
    if (child.connected) child.send(message, () => {})
  }
  try {
    tell({ kind: 'start', spec, socketPath })
  } catch (error) {
    events.failed(describeUncopyable(error))
    child.kill('SIGKILL')
  }
  return {
    pid: child.pid ?? 0,
    stop: (graceMs) => tell({ kind: 'stop', graceMs }),
    terminate: () => void child.kill('SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
    profile: (order) => profiles.order(order, tell),
    fault: (fault) => tell({ kind: 'fault', fault }),
  }
}

/**
 * Handles messages of Node and of other libraries on the channel. `node --watch` learns from its program which files were
 * loaded, so that it restarts the program when one of them changes: such messages of a pod are forwarded. All others are
 * ignored.
 */
function passOn(message: unknown): void {
  const isWatched =
    typeof message === 'object' &&
    message !== null &&
    ('watch:import' in message || 'watch:require' in message)
  if (isWatched && process.connected) process.send!(message, undefined, {}, () => {})
}
