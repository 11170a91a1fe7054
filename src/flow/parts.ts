import { MillraceError } from '../errors.js'
import { type GatewayHandle, startGateway } from '../gateway/host.js'
import { Changes } from '../lib/changes.js'
import { systemClock } from '../lib/clock.js'
import { closeInTurn } from '../lib/close-in-turn.js'
import { FlowLog } from '../observe/flow-log.js'
import type { Logger } from '../observe/logger.js'
import { requireOpenTelemetry } from '../observe/tracing/packages.js'
import type { FlowPlan } from '../plan/flow-plan.js'
import { WorkspaceHold } from '../workspace/hold.js'
import { createDeployments, type Deployments, replicasAtStart } from './deployments.js'
import { gatewaySpec, programReducers } from './gateway-spec.js'
import { noteShape } from './plan-notes.js'
import { checkPythonStages } from './python.js'
import { WaitingLine } from './waiting.js'

/** What a running Flow consists of. */
export interface FlowParts {
  readonly gateway: GatewayHandle
  readonly deployments: Deployments
  /** Locks the workspaces. */
  readonly hold: WorkspaceHold
  readonly logger: Logger
  readonly log: FlowLog
  /** Notes each change of the state of a replica. */
  readonly changes: Changes
}

/**
 * Starts the gateway and all pods concurrently; a pod is admitted when both are up.
 * When anything fails or `signal` aborts, everything that was started is stopped before the failure is thrown.
 */
export async function startParts(plan: FlowPlan, signal: AbortSignal): Promise<FlowParts> {
  const { settings } = plan
  if (settings.tracing !== null) requireOpenTelemetry()
  await checkPythonStages(plan, signal)
  const log = new FlowLog(settings.log)
  const logger = log.logger(settings.name, { isQuiet: settings.quiet })
  noteShape(plan, logger)
  const listening = startGateway(gatewaySpec(plan), { reducers: programReducers(plan), log, signal })
  const hold = new WorkspaceHold(settings.name, systemClock)
  const changes = new Changes()
  const deployments = createDeployments(plan, {
    gateway: listening,
    holder: hold.holder,
    logger,
    log,
    changed: () => changes.note(),
  })
  const counts = [...deployments.values()].map(({ plan: stage }) => [stage, replicasAtStart(stage)] as const)
  const pending = new Map(counts.map(([stage, count]) => [stage.name, count * stage.shards]))
  const waiting = settings.quiet
    ? null
    : new WaitingLine(pending, { stream: process.stderr, clock: systemClock, logger })
  const growing = counts.map(([{ name }, count]) =>
    deployments.get(name)!.scale(count, { onReady: () => waiting?.ready(name) }),
  )
  const giveUp = (): void => {
    for (const deployment of deployments.values()) deployment.freeze()
  }
  signal.addEventListener('abort', giveUp)
  try {
    await settleAll([listening, ...growing], giveUp)
    signal.throwIfAborted()
    return { gateway: await listening, deployments, hold, logger, log, changes }
  } catch (error) {
    const gateway = await listening.catch(() => null)
    await stopParts({ gateway, deployments, hold }, 0)
    throw signal.aborted ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', giveUp)
    waiting?.close()
  }
}

/** Closes the gateway first, so that requests in flight still reach their pods; releases workspaces last, when nothing writes to them. */
export async function stopParts(
  { gateway, deployments, hold }: Pick<FlowParts, 'deployments' | 'hold'> & { gateway: GatewayHandle | null },
  graceMs: number,
): Promise<void> {
  for (const deployment of deployments.values()) deployment.freeze()
  try {
    await closeInTurn(
      [
        async (ms) => gateway?.close({ graceMs: ms }),
        async (ms) => {
          await Promise.all([...deployments.values()].map((deployment) => deployment.close(ms)))
        },
      ],
      graceMs,
      systemClock,
    )
  } finally {
    hold.close()
  }
}

/** Waits for all promises to settle; calls `giveUp` at the first failure, and throws that failure at the end. */
async function settleAll(all: readonly Promise<unknown>[], giveUp: () => void): Promise<void> {
  const failures: unknown[] = []
  const note = (error: unknown): void => {
    if (failures.push(error) === 1) giveUp()
  }
  await Promise.all(all.map((one) => one.catch(note)))
  if (failures.length > 0) throw MillraceError.from(failures[0], 'START_FAILED')
}
