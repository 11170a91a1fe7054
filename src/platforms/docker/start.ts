import { Container } from '../../docker-engine/container.js'
import type { Engine } from '../../docker-engine/engine.js'
import { isConflict } from '../../docker-engine/failure.js'
import { ensureImage } from '../../docker-engine/image.js'
import { removeNetwork } from '../../docker-engine/network.js'
import { MillraceError } from '../../errors.js'
import { settled } from '../../lib/settled.js'
import type { StartTools } from '../platform.js'
import { gatewayOf } from './gateway-view.js'
import { flowLabels } from './names.js'
import type { Rendered, RenderedWorkload } from './render.js'
import { keepAlive, replicasOf, type Slot, startReplica } from './replica.js'
import { checksumOf, startGateway } from './start-gateway.js'
import { type Expected, untilReady } from './waiting.js'

/** A deployed Flow. */
export interface Deployed {
  readonly gateway: Container
  /** False for a Flow that was already running there. */
  readonly isNew: boolean
}

/**
 * Deploys a Flow to an engine; resolves with its gateway. Keeps a running Flow of the same name and configuration.
 *
 * When it fails, everything it created is removed, except volumes.
 *
 * @throws ALREADY_STARTED when another Flow of this name runs there, NOT_FOUND for an image, PORT_IN_USE, START_FAILED, START_TIMEOUT
 */
export async function deploy(engine: Engine, rendered: Rendered, tools: StartTools): Promise<Deployed> {
  const { flow } = rendered.names
  // the gateway is created first, so replicas without a gateway are left over from a start that was killed
  const rest = await replicasOf(engine, flow)
  const running = await gatewayOf(engine, flow)
  if (running !== null) {
    return { gateway: await sameOrThrow(engine, rendered, running, tools), isNew: false }
  }
  if (rest.length > 0) await removeAll(engine, flow)
  await ensureImages(engine, rendered, tools)
  tools.signal.throwIfAborted()
  const gateway = await claim(engine, rendered)
  try {
    await make(engine, rendered, gateway, tools)
    tools.signal.throwIfAborted()
    return { gateway, isNew: true }
  } catch (error) {
    await removeAll(engine, flow)
    throw error
  }
}

/** Creates the gateway; when two programs start a Flow of this name concurrently, only one succeeds. @throws ALREADY_STARTED, PORT_IN_USE */
async function claim(engine: Engine, rendered: Rendered): Promise<Container> {
  const { names } = rendered
  try {
    return await startGateway(engine, rendered)
  } catch (error) {
    if (isConflict(MillraceError.from(error).cause)) {
      throw new MillraceError(
        'ALREADY_STARTED',
        `There is a container ${names.gateway} on this engine already: another program starts a Flow '${names.flow}' at the moment, or it is not Millrace's. Attach to that Flow, or give this one another name.`,
        { cause: error },
      )
    }
    await removeAll(engine, names.flow)
    throw error
  }
}

async function make(
  engine: Engine,
  rendered: Rendered,
  gateway: Container,
  { report, signal }: StartTools,
): Promise<void> {
  signal.throwIfAborted()
  const { names, workloads } = rendered
  const replicas = workloads.flatMap((workload) => slotsOf(workload).map((slot) => ({ workload, slot })))
  const expected: readonly Expected[] = [
    { container: gateway, slot: null },
    ...(await settled(
      replicas.map(async ({ workload: { recipe }, slot }) => ({
        slot,
        container: await startReplica(engine, names, { slot, recipe }),
      })),
    )),
  ]
  await untilReady(engine, expected, { gateway, names, timeoutMs: timeoutOf(rendered), signal, report })
  await Promise.all(expected.map(({ container }) => keepAlive(engine, container)))
}

/** The longest timeout of all containers. */
function timeoutOf({ gateway, workloads, plan }: Rendered): number {
  const timeouts = [gateway, ...workloads.map(({ recipe }) => recipe)].map((recipe) => recipe.timeoutReadyMs)
  return timeouts.some((ms) => ms < 0) ? -1 : Math.max(...timeouts, plan.settings.timeoutReadyMs)
}

/** The slots of a workload's replicas, with indexes from 0. */
export function slotsOf({ name, stage, shard, replicas, checksum: sum }: RenderedWorkload): readonly Slot[] {
  return Array.from({ length: replicas }, (_, index) => ({
    workload: name,
    stage,
    shard,
    index,
    checksum: sum,
  }))
}

/** Starts stopped containers of the same Flow again. @throws ALREADY_STARTED, START_FAILED, START_TIMEOUT */
async function sameOrThrow(
  engine: Engine,
  rendered: Rendered,
  running: Container,
  { report, signal }: StartTools,
): Promise<Container> {
  const facts = await running.inspect()
  const { names } = rendered
  const { flow } = names
  if (facts?.labels[flowLabels.checksum] === checksumOf(rendered)) {
    const replicas = (await replicasOf(engine, flow)).map((slot) => ({ slot, container: slot.container }))
    const all: readonly Expected[] = [{ slot: null, container: running }, ...replicas]
    await Promise.all(all.map(({ container }) => container.start()))
    await untilReady(engine, all, { gateway: running, names, timeoutMs: timeoutOf(rendered), signal, report })
    return running
  }
  throw new MillraceError(
    'ALREADY_STARTED',
    `A Flow '${flow}' runs on this engine already, and is not the same as this one: its stages, options or images differ. ` +
      `Give this one another name, attach to that one (Flow.attach({ on: 'docker', name: '${flow}' })), or end it first: close({ remove: true }).`,
  )
}

async function ensureImages(
  engine: Engine,
  { gateway, workloads }: Rendered,
  tools: StartTools,
): Promise<void> {
  const images = new Set([gateway, ...workloads.map(({ recipe }) => recipe)].map(({ spec }) => spec.image))
  await Promise.all([...images].map((image) => ensureImage(engine, image, tools)))
}

/** Removes all containers and networks of a Flow, without grace. */
export async function removeAll(engine: Engine, flow: string): Promise<void> {
  const containers = await Container.list(engine, { [flowLabels.flow]: flow, [flowLabels.part]: '' })
  await Promise.all(containers.map((container) => container.remove()))
  for (const suffix of ['stages', 'public']) await removeNetwork(engine, `${flow}-${suffix}`)
}
