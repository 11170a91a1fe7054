import { Client } from '../client/client.js'
import { channelRoad } from '../client/roads/channel.js'
import type { RolledOut, Scaled, ScaleRequest } from '../control/controlled.js'
import type { FlowStatus } from '../control/status.js'
import { createLogger } from '../observe/logger.js'
import { type FlowPlan, setReplicas } from '../plan/flow-plan.js'
import {
  type AttachOptions,
  attachThere,
  type PlatformName,
  type StartOptions,
  startThere,
} from '../platforms/index.js'
import type { DistantFlow, PlatformTools } from '../platforms/platform.js'
import { RunningFlow } from './running.js'
import type { PodControl } from './pods-of.js'

export interface CloseOptions {
  /** Of a Flow on Docker or Kubernetes: ends it and takes away what was made for it, but no volumes. Default false: it goes on. */
  readonly remove?: boolean
}

/** A Flow that runs, here or somewhere else. */
export interface Running {
  readonly port: number
  readonly client: Client
  scale(stage: string, request: ScaleRequest): Promise<Scaled>
  rollingUpdate(stage: string, usesWith: Readonly<Record<string, unknown>>): Promise<RolledOut>
  replicasOf(stage: string): number
  status(): Promise<FlowStatus>
  /** Those of this program. */
  pods(): readonly PodControl[]
  close(options: CloseOptions): Promise<void>
}

/** Starts it in processes and threads of this program. */
export async function startHere(plan: FlowPlan, host: string): Promise<Running> {
  const running = await RunningFlow.start(plan)
  const road = channelRoad(await running.connect())
  const client = new Client({ host: `grpc://${host}:${running.port}` }, { road })
  return {
    port: running.port,
    client,
    scale: (stage, { replicas, shard }) => running.scale(stage, replicas, { shard }),
    rollingUpdate: (stage, usesWith) => running.rollingUpdate(stage, usesWith),
    replicasOf: (stage) => running.replicasOf(stage),
    status: () => running.status(),
    pods: () => running.pods(),
    async close() {
      await running.close()
      await client.close()
    },
  }
}

/** Starts it on Docker or Kubernetes. */
export async function startAway(
  plan: FlowPlan,
  options: StartOptions & { readonly on: PlatformName },
): Promise<Running> {
  return away(await startThere(plan, options, tools(plan.settings)))
}

/** What runs on Docker or Kubernetes already, and its plan. */
export async function attach(options: AttachOptions): Promise<{ plan: FlowPlan; running: Running }> {
  const distant = await attachThere(options, tools({ name: 'flow', quiet: false }))
  return { plan: distant.plan, running: away(distant) }
}

function away(distant: DistantFlow): Running {
  const client = new Client({ host: distant.host })
  let { plan } = distant
  return {
    port: Number(new URL(distant.host).port),
    client,
    async scale(stage, request) {
      const scaled = await distant.scale(stage, request)
      if (request.shard === undefined) plan = setReplicas(plan, stage, scaled.to)
      return scaled
    },
    rollingUpdate: (stage, usesWith) => distant.rollingUpdate(stage, usesWith),
    replicasOf: (name) => plan.stages.find((stage) => stage.name === name)?.replicas ?? 0,
    status: () => distant.status(),
    pods: () => [],
    async close({ remove = false }) {
      await client.close()
      await distant.close({ remove })
    },
  }
}

/** Standard output is the program's own. */
function tools({ name, quiet }: { readonly name: string; readonly quiet: boolean }): PlatformTools {
  const logger = createLogger(name, { write: (line) => void process.stderr.write(`${line}\n`) })
  return { report: quiet ? () => {} : (sentence) => logger.info(sentence) }
}
