import { Container, type ContainerFacts } from '../../docker-engine/container.js'
import type { Engine } from '../../docker-engine/engine.js'
import type { Labels } from '../../docker-engine/labels.js'
import { setRestarts } from '../../docker-engine/restart-policy.js'
import { MillraceError } from '../../errors.js'
import { OutputTail } from '../../pods/output.js'
import { type FlowNames, flowLabels } from './names.js'
import type { Recipe } from './recipe.js'

/** Identifies a replica of a workload. */
export interface Slot {
  readonly workload: string
  readonly stage: string
  readonly shard: number
  readonly index: number
  readonly checksum: string
}

/** An existing container of a workload, with its recipe. */
export interface Replica extends Slot {
  readonly container: Container
  readonly facts: ContainerFacts
  readonly recipe: Recipe
}

/** Creates and starts a replica, with restarts by the engine still off. @throws NOT_FOUND, INVALID_OPTION, START_FAILED */
export async function startReplica(
  engine: Engine,
  names: FlowNames,
  { slot, recipe }: { readonly slot: Slot; readonly recipe: Recipe },
): Promise<Container> {
  const container = await makeContainer(engine, recipe, {
    name: names.replica(slot.workload, slot.index),
    labels: slotLabels(names.flow, slot, recipe),
  })
  return startOrRemove(container)
}

/** @throws NOT_FOUND, INVALID_OPTION, START_FAILED */
export async function makeContainer(
  engine: Engine,
  recipe: Recipe,
  who: { readonly name: string; readonly labels: Labels },
): Promise<Container> {
  const container = await Container.create(engine, { ...recipe.spec, ...who })
  try {
    if (recipe.files.length > 0) await container.put(recipe.files, '/')
    return container
  } catch (error) {
    await container.remove()
    throw error
  }
}

/** Starts a container; removes it when that fails. @throws PORT_IN_USE, NOT_FOUND, START_FAILED */
export async function startOrRemove(container: Container): Promise<Container> {
  try {
    await container.start()
    return container
  } catch (error) {
    await container.remove()
    throw error
  }
}

/** Replicas of a Flow, or of one workload; lowest index first. */
export async function replicasOf(
  engine: Engine,
  flow: string,
  workload?: string,
): Promise<readonly Replica[]> {
  const found = await Container.list(engine, {
    [flowLabels.flow]: flow,
    [flowLabels.part]: 'executor',
    ...(workload !== undefined && { [flowLabels.workload]: workload }),
  })
  const all = await Promise.all(
    found.map(async (container) => ({ container, facts: await container.inspect() })),
  )
  return all
    .flatMap(({ container, facts }) => (facts === null ? [] : [replicaFrom(container, facts)]))
    .toSorted((one, other) => one.index - other.index)
}

/** Last output of a container that has exited; call it before removing the container. */
export async function lastLines(container: Container): Promise<readonly string[]> {
  const tail = new OutputTail()
  await container.follow({ onLine: (line) => tail.push(line) })
  return tail.lines
}

/** Lets the engine restart the container when it exits by itself. */
export function keepAlive(engine: Engine, container: Container): Promise<void> {
  return setRestarts(engine, container.id, true)
}

/** Stops a container gracefully and removes it. */
export async function endReplica(engine: Engine, container: Container, graceMs: number): Promise<void> {
  await setRestarts(engine, container.id, false).catch(ignoreGone)
  // longer than the container's own grace, after which it exits by itself
  await container.stop(graceMs + 5000)
  await container.remove()
}

function slotLabels(flow: string, slot: Slot, recipe: Recipe): Labels {
  return {
    [flowLabels.flow]: flow,
    [flowLabels.part]: 'executor',
    [flowLabels.stage]: slot.stage,
    [flowLabels.workload]: slot.workload,
    [flowLabels.shard]: String(slot.shard),
    [flowLabels.index]: String(slot.index),
    [flowLabels.checksum]: slot.checksum,
    [flowLabels.recipe]: JSON.stringify(recipe),
  }
}

function replicaFrom(container: Container, facts: ContainerFacts): Replica {
  const { labels } = facts
  return {
    container,
    facts,
    workload: labels[flowLabels.workload] ?? '',
    stage: labels[flowLabels.stage] ?? '',
    shard: Number(labels[flowLabels.shard]),
    index: Number(labels[flowLabels.index]),
    checksum: labels[flowLabels.checksum] ?? '',
    recipe: JSON.parse(labels[flowLabels.recipe] ?? '{}') as Recipe,
  }
}

function ignoreGone(error: unknown): void {
  if (MillraceError.from(error).code !== 'NOT_FOUND') throw error
}
