import { createInterface } from 'node:readline'
import { MillraceError } from '../errors.js'
import { LonePod } from '../flow/lone-pod.js'
import { WorkspaceHold } from '../workspace/hold.js'
import { authority } from '../lib/authority.js'
import { systemClock } from '../lib/clock.js'
import { keepHealthFile, takeHealthFile } from './health-file.js'
import { deferred } from '../lib/deferred.js'
import { createLogger } from '../observe/logger.js'
import { addStage, createPlan } from '../plan/flow-plan.js'
import type { FlowOptions } from '../plan/flow-settings.js'
import type { StageOptions } from '../plan/stage-settings.js'
import { type Inside, eventLine, type PodCommand, type PodEvent } from '../pods/docker/inside.js'
import type { Fault } from '../pods/fault.js'
import type { Exit } from '../pods/pod.js'
import { EarlyEnd } from '../pods/start-error.js'
import { describeFailure, type StartFailure } from '../pods/start-failure.js'

/** Grace for requests in flight when the Flow's program has exited. */
const orphanedGraceMs = 1000

/** How long to wait for the last answers of an Executor that has exited. */
const lastAnswersMs = 1000

interface Asked {
  readonly flow: FlowOptions
  readonly stage: StageOptions
}

/** Why the pod is shut down. */
type ShutdownReason =
  | { readonly kind: 'ended'; readonly exit: Exit }
  | { readonly kind: 'interrupted' }
  /** The Flow's program has exited. */
  | { readonly kind: 'orphaned' }

/**
 * Runs an Executor without restarts: when it exits, this program exits with its exit code. In a Flow's container (`inside`) it
 * reports the reason to the Flow. Resolves with the exit code.
 */
export async function runLone({ flow, stage }: Asked, inside: Inside | null): Promise<number> {
  const healthFile = takeHealthFile()
  const shutdown = deferred<ShutdownReason>()
  const abort = new AbortController()
  const leave = (reason: ShutdownReason): void => {
    shutdown.resolve(reason)
    abort.abort(new MillraceError('CANCELLED', 'The start was cancelled.'))
  }
  onInterrupt(() => leave({ kind: 'interrupted' }))
  // before the start, so that the exit of the Flow's program cancels it
  const commands = inside === null ? null : readCommands(() => leave({ kind: 'orphaned' }))
  const say = (line: string): void => void process.stderr.write(`${line}\n`)
  const logger = createLogger(flow.name ?? 'executor', { write: say })
  const tell = (event: PodEvent): void => {
    if (inside !== null) say(eventLine(inside.mark, event))
    else if (event.kind === 'ended') logger.error(`it ends, because its Executor ${event.reason}.`)
  }
  const hold = inside === null ? new WorkspaceHold(flow.name ?? '', systemClock) : joined(inside)
  try {
    const plan = addStage(createPlan(flow), stage)
    const { replica, replicas } = inside ?? { replica: 0, replicas: 1 }
    const { signal } = abort
    const pod = await LonePod.start(plan, { replica, replicas, hold, signal, onLine: say })
    if (commands !== null) commands.onFault = (fault) => pod.fault(fault)
    if (inside === null && !plan.settings.quiet)
      logger.info(`it serves at ${pod.ports.map((port) => authority(plan.settings.host, port)).join(', ')}`)
    void pod.ended.then((exit) => shutdown.resolve({ kind: 'ended', exit }))
    const dropHealthFile = keepHealthFile(healthFile, {
      scheme: 'grpc',
      host: plan.settings.host,
      port: pod.ports[0]!,
    })
    const why = await shutdown.promise
    await dropHealthFile()
    switch (why.kind) {
      case 'ended':
        tell({ kind: 'ended', reason: why.exit.reason })
        await pod.close({ graceMs: lastAnswersMs, isLast: inside === null })
        break
      case 'interrupted':
        await pod.close({ graceMs: plan.settings.graceMs, isLast: commands?.isLast ?? true })
        break
      case 'orphaned':
        await pod.close({ graceMs: orphanedGraceMs, isLast: true })
    }
    process.stdin.destroy()
    return why.kind === 'ended' ? (why.exit.code ?? 1) : 0
  } catch (error) {
    hold.close({ isLast: inside === null })
    process.stdin.destroy()
    if (error === abort.signal.reason) return 0
    const { cause } = error as { readonly cause?: unknown }
    if (cause instanceof EarlyEnd) tell({ kind: 'ended', reason: cause.message })
    else tell({ kind: 'failed', failure: failureOf(error) })
    if (inside === null && !(cause instanceof EarlyEnd)) throw error
    return cause instanceof EarlyEnd ? (cause.code ?? 1) : 1
  }
}

function joined({ holder }: Inside): WorkspaceHold {
  return WorkspaceHold.joined(holder, systemClock)
}

/** The Executor's own failure, without the context added for a Flow: the Flow outside adds its own. */
function failureOf(error: unknown): StartFailure {
  const isStart = MillraceError.is(error) && ['START_FAILED', 'WORKSPACE_CONFLICT'].includes(error.code)
  return describeFailure(isStart && error.cause instanceof Error ? error.cause : error)
}

/** What the Flow outside has sent so far, and the handler for the faults that it injects. */
interface Commands {
  isLast: boolean
  onFault: (fault: Fault) => void
}

/** Commands from the Flow outside, read from standard input until it closes. */
function readCommands(onGone: () => void): Commands {
  const commands: Commands = { isLast: false, onFault: () => {} }
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => {
    const command = JSON.parse(line) as PodCommand
    if (command.kind === 'fault') commands.onFault(command.fault)
    else commands.isLast = true
  })
  lines.on('close', onGone)
  return commands
}

/** A second signal exits at once. PID 1 of a container must handle signals: the kernel has no default action for it. */
function onInterrupt(first: () => void): void {
  let interrupted = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (interrupted) process.exit(1)
      interrupted = true
      first()
    })
  }
}
