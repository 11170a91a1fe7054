import type { RolledOut, Scaled, ScaleRequest } from '../../control/controlled.js'
import type { Engine } from '../../docker-engine/engine.js'
import { MillraceError } from '../../errors.js'
import { checksum } from '../../containers/checksum.js'
import { systemClock } from '../../lib/clock.js'
import { settled } from '../../lib/settled.js'
import type { PlatformTools } from '../platform.js'
import { gatewayOf } from './gateway-view.js'
import type { FlowNames } from './names.js'
import { type Recipe, withOptions } from './recipe.js'
import { endReplica, keepAlive, type Replica, replicasOf, startReplica } from './replica.js'
import { type Expected, untilReady } from './waiting.js'

/** Dependencies of scaling. */
export interface ScaleTools extends PlatformTools {
  readonly names: FlowNames
}

/**
 * Scales each shard of a stage, or one shard.
 *
 * @throws UNSUPPORTED for a stage without containers; START_FAILED, START_TIMEOUT: nothing has changed then
 */
export async function scale(
  engine: Engine,
  { stage, replicas, shard }: ScaleRequest & { readonly stage: string },
  tools: ScaleTools,
): Promise<Scaled> {
  const beganMs = systemClock.monotonic()
  const sets = await setsOf(engine, stage, tools.names)
  const wanted = shard === undefined ? sets : sets.filter(([first]) => first!.shard === shard)
  const from = Math.min(...wanted.map((set) => set.length))
  const missing = wanted.flatMap((set) => freeSlots(set, replicas))
  await grow(engine, missing, tools)
  const leaving = wanted.flatMap((set) => set.slice(replicas))
  await end(engine, leaving)
  return { from, to: replicas, seconds: (systemClock.monotonic() - beganMs) / 1000 }
}

/**
 * Replaces every replica by one with other options, one at a time. When a new replica does not get ready, replicas replaced
 * so far are rolled back.
 *
 * @throws as `scale`
 */
export async function rollingUpdate(
  engine: Engine,
  { stage, usesWith }: { readonly stage: string; readonly usesWith: Readonly<Record<string, unknown>> },
  tools: ScaleTools,
): Promise<RolledOut> {
  const beganMs = systemClock.monotonic()
  const sets = await setsOf(engine, stage, tools.names)
  const done: Replacement[] = []
  try {
    for (const set of sets) {
      const recipe = await withOptions(set[0]!.recipe, usesWith)
      const next = Math.max(...set.map(({ index }) => index)) + 1
      for (const [position, old] of set.entries()) {
        const fresh = { ...old, index: next + position, recipe, checksum: checksum(recipe) }
        await replace(engine, { old, fresh }, tools)
        done.push({ old, fresh })
      }
    }
  } catch (error) {
    throw await rollBack(engine, MillraceError.from(error), { done, tools })
  }
  return { replaced: done.length, seconds: (systemClock.monotonic() - beganMs) / 1000 }
}

interface Replacement {
  readonly old: Wanted
  readonly fresh: Wanted
}

/** Starts the new replica, and ends the old one when it is ready. */
async function replace(engine: Engine, { old, fresh }: Replacement, tools: ScaleTools): Promise<void> {
  await grow(engine, [fresh], tools)
  const running = await replicasOf(engine, tools.names.flow, old.workload)
  await end(
    engine,
    running.filter(({ index }) => index === old.index),
  )
}

/** Rolls back and returns the failure, with the outcome of the rollback in its message. */
async function rollBack(
  engine: Engine,
  failure: MillraceError,
  { done, tools }: { readonly done: readonly Replacement[]; readonly tools: ScaleTools },
): Promise<MillraceError> {
  if (done.length === 0) return failure
  const say = (sentence: string): MillraceError =>
    new MillraceError(failure.code, `${failure.message}\n${sentence}`, {
      ...failure.facts,
      cause: failure.cause,
    })
  try {
    for (const { old, fresh } of done) await replace(engine, { old: fresh, fresh: old }, tools)
    return say('The replicas that were replaced before are rolled back.')
  } catch (error) {
    return say(`Those that were replaced before cannot be rolled back: ${MillraceError.from(error).message}`)
  }
}

/** Existing replicas of a stage, by shard. @throws UNSUPPORTED */
async function setsOf(
  engine: Engine,
  stage: string,
  names: FlowNames,
): Promise<readonly (readonly Replica[])[]> {
  const all = (await replicasOf(engine, names.flow)).filter((one) => one.stage === stage)
  if (all.length === 0) {
    throw new MillraceError(
      'UNSUPPORTED',
      `stage '${stage}' of Flow '${names.flow}' has no containers of its own: it has no uses, or is external.`,
    )
  }
  const workloads = new Set(all.map(({ workload }) => workload))
  return [...workloads].map((name) => all.filter(({ workload }) => workload === name))
}

type Wanted = Pick<Replica, 'workload' | 'stage' | 'shard' | 'index' | 'checksum' | 'recipe'>

/** Slots for the missing replicas, with the lowest free indexes. */
function freeSlots(set: readonly Replica[], replicas: number): readonly Wanted[] {
  const taken = new Set(set.map(({ index }) => index))
  const free = Array.from({ length: set.length + replicas }, (_, index) => index).filter(
    (index) => !taken.has(index),
  )
  return free.slice(0, Math.max(0, replicas - set.length)).map((index) => ({ ...set[0]!, index }))
}

/** Starts replicas; when one is not ready in time, all of them are removed. */
async function grow(engine: Engine, wanted: readonly Wanted[], { names, report }: ScaleTools): Promise<void> {
  if (wanted.length === 0) return
  const gateway = await gatewayOf(engine, names.flow)
  if (gateway === null) throw new MillraceError('UNAVAILABLE', `The gateway of Flow '${names.flow}' is gone.`)
  const started: Expected[] = []
  try {
    await settled(
      wanted.map(async (slot) => {
        started.push({ slot, container: await startReplica(engine, names, { slot, recipe: slot.recipe }) })
      }),
    )
    await untilReady(engine, started, {
      gateway,
      names,
      timeoutMs: longest(wanted.map(({ recipe }) => recipe)),
      report,
    })
    await Promise.all(started.map(({ container }) => keepAlive(engine, container)))
  } catch (error) {
    await Promise.all(started.map(({ container }) => container.remove()))
    throw error
  }
}

async function end(engine: Engine, leaving: readonly Replica[]): Promise<void> {
  await Promise.all(leaving.map(({ container, recipe }) => endReplica(engine, container, recipe.graceMs)))
}

function longest(recipes: readonly Recipe[]): number {
  const times = recipes.map(({ timeoutReadyMs }) => timeoutReadyMs)
  return times.some((ms) => ms < 0) ? -1 : Math.max(...times)
}
