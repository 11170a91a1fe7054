import { Container } from '../../docker/container.js'
import type { Engine } from '../../docker/engine.js'
import { ensureImage } from '../../docker/image.js'
import { ensureNetwork, removeNetwork } from '../../docker/network.js'
import { MillraceError } from '../../errors.js'
import { checksum } from '../../export/checksum.js'
import type { PlaceTools } from '../place.js'
import { connectNetwork } from '../../docker/network.js'
import { gatewayOf } from './gateway-view.js'
import { placeLabels } from './names.js'
import type { Rendered, RenderedWorkload } from './render.js'
import { keepAlive, makeContainer, replicasOf, type Slot, startOrRemove, startReplica } from './replica.js'
import { type Expected, untilReady } from './waiting.js'

/**
 * Brings a Flow to an engine; gives its gateway. One of this name and configuration that runs already is left as it is.
 *
 * When it fails nothing that was made is left but volumes.
 *
 * @throws ALREADY_STARTED when another Flow of this name runs there, NOT_FOUND for an image, PORT_IN_USE, START_FAILED, START_TIMEOUT
 */
export async function bring(engine: Engine, rendered: Rendered, tools: PlaceTools): Promise<Container> {
  const running = await gatewayOf(engine, rendered.names.flow)
  if (running !== null) return sameOrThrow(engine, rendered, running)
  await checkRest(engine, rendered)
  await ensureImages(engine, rendered, tools)
  try {
    return await make(engine, rendered, tools)
  } catch (error) {
    await takeAway(engine, rendered.names.flow)
    throw error
  }
}

async function make(engine: Engine, rendered: Rendered, { report }: PlaceTools): Promise<Container> {
  const { names, workloads, plan } = rendered
  const labels = { [placeLabels.flow]: names.flow, [placeLabels.part]: 'network' }
  await ensureNetwork(engine, { name: names.stages, labels, internal: true })
  await ensureNetwork(engine, { name: names.public, labels })
  const gateway = await startGateway(engine, rendered)
  const replicas = workloads.flatMap((workload) => slotsOf(workload).map((slot) => ({ workload, slot })))
  const expected: readonly Expected[] = [
    { container: gateway, slot: null },
    ...(await Promise.all(
      replicas.map(async ({ workload: { recipe }, slot }) => ({
        slot,
        container: await startReplica(engine, names, { slot, recipe }),
      })),
    )),
  ]
  const timeouts = [rendered.gateway, ...workloads.map(({ recipe }) => recipe)].map(
    (recipe) => recipe.timeoutReadyMs,
  )
  const timeoutMs = timeouts.some((ms) => ms < 0) ? -1 : Math.max(...timeouts, plan.settings.timeoutReadyMs)
  await untilReady(engine, expected, { gateway, names, timeoutMs, report })
  await Promise.all(expected.map(({ container }) => keepAlive(engine, container)))
  return gateway
}

/** Where a Flow without a port of its own may be: the engine would give another one after each restart. */
const ports = { from: 20_000, to: 32_000 } as const
const mostTrials = 20

/** @throws PORT_IN_USE for the port of the Flow */
async function startGateway(engine: Engine, rendered: Rendered): Promise<Container> {
  const [published] = rendered.gateway.spec.publish ?? []
  if (published === undefined || published.at.port !== 0) return startGatewayAs(engine, rendered)
  for (let trial = 1; ; trial++) {
    const port = ports.from + Math.floor(Math.random() * (ports.to - ports.from))
    const spec = {
      ...rendered.gateway.spec,
      publish: [{ ...published, at: { ...published.at, port } }],
    }
    try {
      return await startGatewayAs(engine, rendered, { ...rendered.gateway, spec })
    } catch (error) {
      if (MillraceError.from(error).code !== 'PORT_IN_USE' || trial === mostTrials) throw error
    }
  }
}

async function startGatewayAs(
  engine: Engine,
  { names, gateway, config, workloads }: Rendered,
  recipe = gateway,
): Promise<Container> {
  const container = await makeContainer(engine, recipe, {
    name: names.gateway,
    labels: {
      [placeLabels.flow]: names.flow,
      [placeLabels.part]: 'gateway',
      [placeLabels.config]: config,
      [placeLabels.checksum]: checksumOf({ gateway, workloads }),
    },
  })
  await connectNetwork(engine, names.stages, container.id)
  return startOrRemove(container)
}

export function slotsOf({ name, stage, shard, replicas, checksum: sum }: RenderedWorkload): readonly Slot[] {
  return Array.from({ length: replicas }, (_, index) => ({
    workload: name,
    stage,
    shard,
    index,
    checksum: sum,
  }))
}

/** Of all that a Flow is, but the numbers of its replicas. */
function checksumOf({ gateway, workloads }: Pick<Rendered, 'gateway' | 'workloads'>): string {
  return checksum(
    gateway,
    workloads.map((workload) => [workload.name, workload.checksum]),
  )
}

/** @throws ALREADY_STARTED */
async function sameOrThrow(engine: Engine, rendered: Rendered, running: Container): Promise<Container> {
  const facts = await running.inspect()
  if (facts?.labels[placeLabels.checksum] === checksumOf(rendered)) {
    await Promise.all([
      running.start(),
      ...(await replicasOf(engine, rendered.names.flow)).map(({ container }) => container.start()),
    ])
    return running
  }
  const { flow } = rendered.names
  throw new MillraceError(
    'ALREADY_STARTED',
    `A Flow '${flow}' runs on this engine already, and is not the same as this one: its stages, options or images differ. ` +
      `Give this one another name, attach to that one (Flow.attach({ on: 'docker', name: '${flow}' })), or end it first: close({ remove: true }).`,
  )
}

/** What an earlier start left that was ended by force. */
async function checkRest(engine: Engine, { names }: Rendered): Promise<void> {
  if ((await replicasOf(engine, names.flow)).length > 0) await takeAway(engine, names.flow)
}

async function ensureImages(
  engine: Engine,
  { gateway, workloads }: Rendered,
  tools: PlaceTools,
): Promise<void> {
  const images = new Set([gateway, ...workloads.map(({ recipe }) => recipe)].map(({ spec }) => spec.image))
  await Promise.all([...images].map((image) => ensureImage(engine, image, tools)))
}

/** All containers and networks of a Flow, at once. */
export async function takeAway(engine: Engine, flow: string): Promise<void> {
  const containers = await Container.list(engine, { [placeLabels.flow]: flow, [placeLabels.part]: '' })
  await Promise.all(containers.map((container) => container.remove()))
  for (const suffix of ['stages', 'public']) await removeNetwork(engine, `${flow}-${suffix}`)
}
