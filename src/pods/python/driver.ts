/**
 * An Executor of Jina in a process of its own: `executor.py` runs Jina's runtime, which serves gRPC on a private Unix socket,
 * and takes requests on another one.
 *
 * 1. It is ready when it has answered a request: the socket may be bound long before.
 * 2. It has a session of its own, so that Ctrl-C and signals to the group of the program do not reach it: the Flow stops it.
 * 3. It ends with the program: its standard input closes, and on Linux the kernel kills it.
 */
import { spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { MillraceError } from '../../errors.js'
import { readLines } from '../../observe/lines.js'
import { nextPrivatePath, releasePrivatePath } from '../../workspace/private-folder.js'
import { pythonEntry } from '../entries.js'
import type { Driver, HostEvents } from '../host.js'
import type { PodPython, PodSpec } from '../pod.js'
import { requireCopyable, Uncopyable } from '../plain-options.js'
import { describeUncopyable } from '../start-failure.js'
import { boundToParent } from '../process/command.js'
import { watchChild } from '../process/watch-child.js'
import { pythonEnvironment } from './environment.js'
import { parseEvent, type PythonCommand, type PythonStart } from './messages.js'
import { jinaOptions } from './options.js'
import { untilAnswering } from './ready.js'
import { workspaceOf } from './workspace.js'
import { spawnOrRelease } from '../process/spawn-or-release.js'

export const startPython: Driver = (spec, events) => {
  const { python } = spec
  if (python === undefined) throw new MillraceError('INTERNAL', 'a pod of kind python needs an interpreter')
  const workspace = prepare(spec, python)
  const sockets = [nextPrivatePath('sock'), nextPrivatePath('sock')] as const
  const [socketPath, requestsPath] = sockets
  const { file, args } = boundToParent(python.interpreter, [fileURLToPath(pythonEntry)])
  const child = spawnOrRelease(sockets, () =>
    spawn(file, args, {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      env: pythonEnvironment(spec),
      detached: true,
    }),
  )
  const over = new AbortController()
  const input = child.stdin as Writable | null
  input?.on('error', () => {}) // its exit is reported
  for (const stream of [child.stdout, child.stderr]) if (stream) void readLines(stream, events.line)
  const told = child.stdio[3] as Readable | null
  if (told) void readLines(told, (line) => hear(line, events))
  watchChild(child, {
    exited(reason, code) {
      over.abort()
      sockets.forEach(releasePrivatePath)
      events.exited(reason, code)
    },
  })
  const tell = (message: PythonStart | PythonCommand): void => {
    if (input?.writable === true) input.write(`${JSON.stringify(message)}\n`)
  }
  const { files, module, className } = python
  tell({ files, module, className, socketPath, requestsPath, options: jinaOptions(spec, workspace) })
  const address = {
    ...{ kind: 'grpc' as const, host: 'localhost', port: 0, path: socketPath, requestsPath },
    ...{ tls: false, isPod: true },
  }
  void untilAnswering(address, over.signal).then((isReady) => {
    if (isReady) events.ready(address)
  })
  return {
    pid: child.pid ?? 0,
    stop: () => tell({ kind: 'stop' }),
    terminate: () => void child.kill('SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
    async profile() {
      throw new MillraceError(
        'UNSUPPORTED',
        `${spec.name} runs Python, and only replicas of Node can be profiled. Use a profiler of Python: pip install py-spy, then py-spy record --pid ${child.pid} --output profile.svg`,
      )
    },
    fault(fault) {
      if (fault.type === 'exit') return tell({ kind: 'exit', code: fault.code })
      throw new MillraceError(
        'UNSUPPORTED',
        `${spec.name} runs Python, which has no fault '${fault.type}', only 'exit'. Send it a signal.`,
      )
    },
  }
}

/** The workspace of the pod. @throws WORKSPACE_CONFLICT, and INVALID_OPTION for options that JSON does not have */
function prepare(spec: PodSpec, { className }: PodPython): string {
  try {
    requireCopyable(spec, 'Python')
  } catch (error) {
    if (!(error instanceof Uncopyable)) throw error
    throw new MillraceError('INVALID_OPTION', describeUncopyable(error).message)
  }
  return workspaceOf(spec, className)
}

function hear(line: string, events: HostEvents): void {
  const event = parseEvent(line)
  if (event?.kind === 'step') events.step(event.step)
  else if (event?.kind === 'failed') events.failed(event.failure)
}
