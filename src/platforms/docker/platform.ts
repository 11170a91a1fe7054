import type { FlowStatus } from '../../control/status.js'
import { Container } from '../../docker-engine/container.js'
import { connectEngine, type Engine } from '../../docker-engine/engine.js'
import { MillraceError } from '../../errors.js'
import { beginRenewal, ownClientTls } from '../certificates.js'
import type { Platform } from '../platform.js'
import { EngineFlow } from './remote-flow.js'
import { foundPlan } from './found-plan.js'
import { gatewayOf } from './gateway-view.js'
import { flowLabels } from './names.js'
import {
  type DockerAttachOptions,
  dockerAttachOptions,
  type DockerStartOptions,
  dockerStartOptions,
} from './options.js'
import { nextChange } from './next-change.js'
import { outputOf } from './output.js'
import { renewedRules } from '../renewed-files.js'
import { render } from './render.js'
import { replicasOf } from './replica.js'
import { deploy, removeAll } from './start.js'
import { statusOf } from './status.js'

/** Runs a Flow in containers of one Docker engine. */
export const docker: Platform<DockerStartOptions, DockerAttachOptions> = {
  startOptions: dockerStartOptions,
  attachOptions: dockerAttachOptions,

  async start(plan, options, tools) {
    const tls = ownClientTls(plan.settings.tls, options.tls)
    const rendered = await render(plan, options)
    const engine = await connectEngine()
    tools.signal.throwIfAborted()
    const { gateway, isNew } = await deploy(engine, rendered, tools)
    let flow: EngineFlow | undefined
    try {
      flow = await EngineFlow.open(engine, { plan, gateway, tools, tls })
      flow.renewCertificates(plan.settings.tls)
      for (const { name, replicas, autoscale } of plan.stages) {
        tools.signal.throwIfAborted()
        const running = (await replicasOf(engine, plan.settings.name)).filter(({ stage }) => stage === name)
        // a Flow that already ran may have been scaled since
        if (running.length > 0 && autoscale === null) await flow.scale(name, { replicas })
      }
      tools.signal.throwIfAborted()
      return flow
    } catch (error) {
      await flow?.close({ remove: false })
      if (isNew) await removeAll(engine, plan.settings.name)
      throw error
    }
  },

  async attach({ name, tls, renew }, tools) {
    const engine = await connectEngine()
    const flow = await chooseFlow(engine, name)
    const gateway = await gatewayOf(engine, flow)
    if (gateway === null) throw new MillraceError('NOT_FOUND', `The Flow '${flow}' has just been removed.`)
    const plan = await planOf(engine, flow, gateway)
    const renewed = renewedRules(plan, renew)
    const opened = await EngineFlow.open(engine, { plan, gateway, tools, tls })
    return beginRenewal(opened, renewed)
  },

  async list({ name }): Promise<readonly FlowStatus[]> {
    const engine = await connectEngine()
    const flows = (await flowsOf(engine)).filter((flow) => name === null || flow === name)
    const statuses = await Promise.all(flows.map((flow) => statusOfFlow(engine, flow)))
    // skip a Flow that is being removed
    return statuses.filter((status) => status !== null)
  },

  async observe({ name }) {
    const engine = await connectEngine()
    const flow = await chooseFlow(engine, name)
    return {
      async status() {
        const status = await statusOfFlow(engine, flow)
        if (status !== null) return status
        throw new MillraceError(
          'NOT_FOUND',
          `The Flow '${flow}' does not run on this Docker engine any more.`,
        )
      },
      changed: (signal) => nextChange(engine, flow, signal),
      close: () => {},
    }
  },

  async output({ name }) {
    const engine = await connectEngine()
    return outputOf(engine, await chooseFlow(engine, name))
  },
}

/** Null when it has no gateway. */
async function statusOfFlow(engine: Engine, flow: string): Promise<FlowStatus | null> {
  const gateway = await gatewayOf(engine, flow)
  return gateway === null ? null : statusOf(engine, await planOf(engine, flow, gateway))
}

async function planOf(engine: Engine, flow: string, gateway: Container) {
  const config = (await gateway.inspect())?.labels[flowLabels.config] ?? ''
  return foundPlan(config, flow, await replicasOf(engine, flow))
}

/** Names of the running Flows. */
async function flowsOf(engine: Engine): Promise<readonly string[]> {
  const gateways = await Container.list(engine, { [flowLabels.flow]: '', [flowLabels.part]: 'gateway' })
  const facts = await Promise.all(gateways.map((gateway) => gateway.inspect()))
  return facts.flatMap((one) => one?.labels[flowLabels.flow] ?? []).toSorted()
}

/** @throws NOT_FOUND, INVALID_OPTION */
async function chooseFlow(engine: Engine, name: string | null): Promise<string> {
  const flows = await flowsOf(engine)
  const there = flows.length === 0 ? 'No Flow runs there.' : `There runs: ${flows.join(', ')}.`
  if (name !== null) {
    if (flows.includes(name)) return name
    throw new MillraceError(
      'NOT_FOUND',
      `No Flow '${name}' runs on the Docker engine at ${engine.address}. ${there}`,
    )
  }
  const [only, ...others] = flows
  if (only === undefined) {
    throw new MillraceError('NOT_FOUND', `No Flow runs on the Docker engine at ${engine.address}.`)
  }
  if (others.length === 0) return only
  throw new MillraceError('INVALID_OPTION', `Several Flows run on this engine. Say which one: name. ${there}`)
}
