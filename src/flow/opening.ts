import type { Controlled } from '../control/controlled.js'
import type { ControlServer } from '../control/server.js'
import type { Dashboard } from '../dashboard/server.js'
import { programLogger } from '../observe/logger.js'
import type { FlowPlan } from '../plan/flow-plan.js'
import { builtPlan } from '../plan/inspection.js'
import { resolveOptions } from '../plan/option.js'
import { oneOf } from '../plan/option-kinds.js'
import type { PlatformName, StartWhere } from '../platforms/index.js'
import { controlled } from './controlled.js'
import { onInterrupt } from './interrupt.js'
import type { Running } from './launch.js'
import type { Lifecycle, Opened } from './lifecycle.js'
import { openPage } from './page.js'
import { notePods } from './pods-of.js'

/** A Flow that starts. */
export interface Opening {
  readonly flow: Pick<Controlled, 'status' | 'scale' | 'rollingUpdate'> & { close(): Promise<void> }
  /** As the user wrote it, without the stages that inspection adds. */
  readonly plan: FlowPlan
  readonly lifecycle: Lifecycle
  /** Cancels the start. */
  readonly signal: AbortSignal
}

/**
 * Starts the Flow where the options say, and opens what belongs to it: the control socket, the page, and the handlers of Ctrl-C
 * and SIGTERM.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, and what the start throws
 */
export function openFlow(opening: Opening, where: StartWhere): Promise<Opened> {
  return isHere(where) ? openHere(opening, where) : openAway(opening, where)
}

/** The parts of a Flow on a platform. It has no control socket here: other programs inspect it through the platform. */
export function openedAway(running: Running, page: Dashboard | null): Opened {
  return { running, control: null, page, forget: () => {} }
}

async function openHere(opening: Opening, options: object): Promise<Opened> {
  resolveOptions({ on: oneOf(['localhost'], 'localhost') }, options, 'start()')
  const { flow, plan, signal } = opening
  const forgetInterrupt = closeOnInterrupt(opening)
  try {
    // imported on demand, so that a pod that imports `millrace` stays small
    const { startHere } = await import('./launch.js')
    if (plan.settings.control)
      void import('../control/open.js').then(({ prepareControl }) => prepareControl())
    const running = await startHere(builtPlan(plan), signal)
    const control = await openControlOf(opening)
    notePods(flow, () => running.pods())
    const forget = (): void => {
      forgetInterrupt()
      notePods(flow, null)
    }
    return { running, control, page: await openPageOf(opening, running), forget }
  } catch (error) {
    forgetInterrupt()
    throw error
  }
}

async function openAway(
  opening: Opening,
  options: StartWhere & { readonly on: PlatformName },
): Promise<Opened> {
  // only during the start: the Flow keeps running when this program exits
  const forgetInterrupt = closeOnInterrupt(opening)
  try {
    const { startAway } = await import('./launch.js')
    const running = await startAway(builtPlan(opening.plan), options, opening.signal)
    return openedAway(running, await openPageOf(opening, running))
  } finally {
    forgetInterrupt()
  }
}

function closeOnInterrupt({ flow, lifecycle }: Opening): () => void {
  return onInterrupt(
    () => flow.close(),
    () => (lifecycle.isStarting ? 'the start is cancelled' : 'finishing what is under way'),
  )
}

function openPageOf({ flow, plan, lifecycle }: Opening, running: Running): Promise<Dashboard | null> {
  const { settings } = plan
  // not the log that is kept: its link opens the page
  const logger = programLogger(settings.name, settings.log)
  return openPage(controlled(flow, lifecycle), running, { settings, logger })
}

async function openControlOf({ flow, plan, lifecycle }: Opening): Promise<ControlServer | null> {
  if (!plan.settings.control) return null
  const { openControl } = await import('../control/open.js')
  return openControl(controlled(flow, lifecycle), plan.settings.name)
}

function isHere(options: StartWhere): options is Extract<StartWhere, { on?: 'localhost' }> {
  return options.on === undefined || options.on === 'localhost'
}
