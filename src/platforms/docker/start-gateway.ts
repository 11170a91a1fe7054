import type { Container } from '../../docker-engine/container.js'
import type { PublishedPort } from '../../docker-engine/container-spec.js'
import type { Engine } from '../../docker-engine/engine.js'
import { connectNetwork, ensureNetwork } from '../../docker-engine/network.js'
import { MillraceError } from '../../errors.js'
import { checksum } from '../../containers/checksum.js'
import { flowLabels } from './names.js'
import type { Rendered } from './render.js'
import { makeContainer, startOrRemove } from './replica.js'

/** Range for Flows without a configured port. A port chosen by the engine would change at each restart. */
const ports = { from: 20_000, to: 32_000 } as const
const mostTrials = 20

/**
 * Creates the gateway's container (published on a host port) and the Flow's networks. The container comes first: its unique
 * name serves as a lock.
 *
 * @throws PORT_IN_USE for the port of the Flow, START_FAILED
 */
export async function startGateway(engine: Engine, rendered: Rendered): Promise<Container> {
  const published = rendered.gateway.spec.publish ?? []
  if (published.every(({ at }) => at.port !== 0)) return startGatewayAs(engine, rendered)
  for (let trial = 1; ; trial++) {
    const publish = published.map((one) => (one.at.port === 0 ? withRandomPort(one) : one))
    const spec = { ...rendered.gateway.spec, publish }
    try {
      return await startGatewayAs(engine, rendered, { ...rendered.gateway, spec })
    } catch (error) {
      if (MillraceError.from(error).code !== 'PORT_IN_USE' || trial === mostTrials) throw error
    }
  }
}

function withRandomPort(published: PublishedPort): PublishedPort {
  const port = ports.from + Math.floor(Math.random() * (ports.to - ports.from))
  return { ...published, at: { ...published.at, port } }
}

async function startGatewayAs(
  engine: Engine,
  { names, gateway, config, certificates, workloads }: Rendered,
  recipe = gateway,
): Promise<Container> {
  const container = await makeContainer(engine, recipe, {
    name: names.gateway,
    labels: {
      [flowLabels.flow]: names.flow,
      [flowLabels.part]: 'gateway',
      [flowLabels.config]: config,
      [flowLabels.checksum]: checksumOf({ gateway, workloads }),
    },
  })
  try {
    if (certificates.length > 0) await container.put(certificates, '/')
    // the engine may create two networks of one name for concurrent requests: only the owner of the gateway creates them
    const labels = { [flowLabels.flow]: names.flow, [flowLabels.part]: 'network' }
    await ensureNetwork(engine, { name: names.stages, labels, internal: true })
    await ensureNetwork(engine, { name: names.public, labels })
    await connectNetwork(engine, names.stages, container.id)
  } catch (error) {
    await container.remove()
    throw error
  }
  return startOrRemove(container)
}

/** Checksum of a Flow without its numbers of replicas. */
export function checksumOf({ gateway, workloads }: Pick<Rendered, 'gateway' | 'workloads'>): string {
  return checksum(
    gateway,
    workloads.map((workload) => [workload.name, workload.checksum]),
  )
}
