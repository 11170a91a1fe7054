import { createInterface } from 'node:readline'
import { MillraceError } from '../errors.js'
import { LonePod } from '../flow/lone-pod.js'
import { WorkspaceHold } from '../workspace/hold.js'
import { systemClock } from '../lib/clock.js'
import { deferred } from '../lib/deferred.js'
import { createLogger } from '../observe/logger.js'
import { addStage, createPlan } from '../plan/flow-plan.js'
import type { FlowOptions } from '../plan/flow-settings.js'
import type { StageOptions } from '../plan/stage-settings.js'
import { type Inside, eventLine, type PodCommand, type PodEvent } from '../pods/docker/inside.js'
import type { Exit } from '../pods/pod.js'
import { EarlyEnd } from '../pods/start-error.js'
import { describeFailure, type StartFailure } from '../pods/start-failure.js'

/** How long requests may take that a Flow's program left behind. */
const orphanedGraceMs = 1000

/** How long what a dead Executor had answered may be on its way. */
const lastAnswersMs = 1000

interface Asked {
  readonly flow: FlowOptions
  readonly stage: StageOptions
}

/** Why a pod is not wanted any more. */
type Farewell =
  | { readonly kind: 'ended'; readonly exit: Exit }
  | { readonly kind: 'interrupted' }
  /** The Flow's program has ended. */
  | { readonly kind: 'orphaned' }

/**
 * Runs an Executor that is not replaced when it ends: this program then ends with its exit code. In a container that a Flow
 * started (`inside`) it tells that Flow why. Gives the exit code.
 */
export async function runLone({ flow, stage }: Asked, inside: Inside | null): Promise<number> {
  const farewell = deferred<Farewell>()
  onInterrupt(() => farewell.resolve({ kind: 'interrupted' }))
  const say = (line: string): void => void process.stderr.write(`${line}\n`)
  const logger = createLogger(flow.name ?? 'executor', { write: say })
  const tell = (word: PodEvent): void => {
    if (inside !== null) say(eventLine(inside.mark, word))
    else if (word.kind === 'ended') logger.error(`it ends, because its Executor ${word.reason}.`)
  }
  const hold = inside === null ? new WorkspaceHold(flow.name ?? '', systemClock) : joined(inside)
  try {
    const plan = addStage(createPlan(flow), stage)
    const { replica, replicas } = inside ?? { replica: 0, replicas: 1 }
    const pod = await LonePod.start(plan, { replica, replicas, hold, onLine: say })
    if (inside === null && !plan.settings.quiet) logger.info(`it serves at ${plan.settings.host}:${pod.port}`)
    void pod.ended.then((exit) => farewell.resolve({ kind: 'ended', exit }))
    const orders = inside === null ? null : hearOrders(pod, () => farewell.resolve({ kind: 'orphaned' }))
    const why = await farewell.promise
    switch (why.kind) {
      case 'ended':
        tell({ kind: 'ended', reason: why.exit.reason })
        await pod.close({ graceMs: lastAnswersMs, isLast: inside === null })
        break
      case 'interrupted':
        await pod.close({ graceMs: plan.settings.graceMs, isLast: orders?.isLast ?? true })
        break
      case 'orphaned':
        await pod.close({ graceMs: orphanedGraceMs, isLast: true })
    }
    process.stdin.destroy()
    return why.kind === 'ended' ? (why.exit.code ?? 1) : 0
  } catch (error) {
    hold.close({ isLast: inside === null })
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

/** Of a start that failed, what the Executor said of it: the rest was made of it for a Flow, and the other Flow does the same. */
function failureOf(error: unknown): StartFailure {
  const isStart = MillraceError.is(error) && ['START_FAILED', 'WORKSPACE_CONFLICT'].includes(error.code)
  return describeFailure(isStart && error.cause instanceof Error ? error.cause : error)
}

/** What the Flow outside says by standard input, until it is gone. */
function hearOrders(pod: LonePod, onGone: () => void): { readonly isLast: boolean } {
  const heard = { isLast: false }
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => {
    const order = JSON.parse(line) as PodCommand
    if (order.kind === 'fault') pod.fault(order.fault)
    else heard.isLast = true
  })
  lines.on('close', onGone)
  return heard
}

/** The second time it ends at once; the first process of a container is not ended by a signal that it does not handle. */
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
