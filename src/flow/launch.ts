import type { Description } from '../call/call.js'
import { Client } from '../client/client.js'
import { describeServer } from '../client/describe-server.js'
import { parseHost } from '../client-core/host.js'
import { channelTransport } from '../client-core/channel.js'
import { Knowledge } from '../client-core/knowledge.js'
import { MillraceError } from '../errors.js'
import type { ProfileOrder } from '../observe/profile/profile-order.js'
import type { Profiled, RolledOut, Scaled, ScaleRequest } from '../control/controlled.js'
import type { LogLines, LogQuestion } from '../control/log-question.js'
import type { FlowStatus } from '../control/status.js'
import { programLogger } from '../observe/logger.js'
import { type FlowPlan, setReplicas } from '../plan/flow-plan.js'
import {
  type AttachOptions,
  attachOnPlatform,
  type PlatformName,
  type StartWhere,
  startOnPlatform,
} from '../platforms/index.js'
import type { RemoteFlow, PlatformTools } from '../platforms/platform.js'
import type { CloseOptions } from './close-options.js'
import { RunningFlow } from './running.js'
import type { PodControl } from './pods-of.js'

/** A running Flow, in this program or on a platform. */
export interface Running {
  /** The ports of its listeners, in their order. */
  readonly ports: readonly number[]
  /** The port where its metrics are served on this machine; null when there is none. */
  readonly metricsPort: number | null
  readonly client: Client
  scale(stage: string, request: ScaleRequest): Promise<Scaled>
  rollingUpdate(stage: string, usesWith: Readonly<Record<string, unknown>>): Promise<RolledOut>
  /** Only for a Flow of this machine. */
  profile(target: string, order: ProfileOrder): Promise<Profiled>
  replicasOf(stage: string): number
  status(): Promise<FlowStatus>
  /** Absent on a platform. @throws NOT_FOUND, INVALID_OPTION */
  logs?(question: LogQuestion): LogLines
  /** Resolves after the next change of the state of a replica; never rejects. Absent on platforms. */
  changed?(): Promise<void>
  /** What its gateway serves: endpoints, and schemas of those that have one. */
  describe(): Promise<Description>
  /** Pods started by this program. */
  pods(): readonly PodControl[]
  close(options: CloseOptions): Promise<void>
}

/** Starts a Flow in processes and threads of this machine. When it fails or `signal` aborts, nothing keeps running. */
export async function startHere(plan: FlowPlan, signal: AbortSignal): Promise<Running> {
  const running = await RunningFlow.start(plan, signal)
  try {
    const channel = await running.connect()
    const transport = channelTransport(channel, new Knowledge(() => channel.describe()))
    const client = new Client({ host: running.address }, { transport })
    await running.announce()
    return {
      ports: running.listeners.map(({ port }) => port),
      metricsPort: running.metricsPort,
      client,
      scale: (stage, { replicas, shard }) => running.scale(stage, replicas, { shard }),
      rollingUpdate: (stage, usesWith) => running.rollingUpdate(stage, usesWith),
      profile: (target, order) => running.profile(target, order),
      replicasOf: (stage) => running.replicasOf(stage),
      status: () => running.status(),
      logs: (question) => running.logs(question),
      changed: () => running.changed(),
      describe: () => channel.describe(),
      pods: () => running.pods(),
      async close() {
        await running.close()
        await client.close()
      },
    }
  } catch (error) {
    await running.close({ graceMs: 0 })
    throw error
  }
}

/** Starts a Flow on Docker or Kubernetes. */
export async function startAway(
  plan: FlowPlan,
  options: StartWhere & { readonly on: PlatformName },
  signal: AbortSignal,
): Promise<Running> {
  return away(await startOnPlatform(plan, options, { ...tools(plan.settings), signal }))
}

/** Attaches to a Flow that already runs on Docker or Kubernetes; also resolves with its plan. */
export async function attach(options: AttachOptions): Promise<{ plan: FlowPlan; running: Running }> {
  const remote = await attachOnPlatform(options, tools({ name: 'flow', quiet: false }))
  return { plan: remote.plan, running: away(remote, options.token ?? null) }
}

/** `token`: what its client sends; null for none. */
function away(remote: RemoteFlow, token: string | null = null): Running {
  const { host, tls } = remote
  const client = new Client({ host, ...(tls !== null && { tls }), ...(token !== null && { token }) })
  let { plan } = remote
  return {
    ports: [parseHost(remote.host).port],
    metricsPort: null,
    client,
    async scale(stage, request) {
      const scaled = await remote.scale(stage, request)
      if (request.shard === undefined) plan = setReplicas(plan, stage, scaled.to)
      return scaled
    },
    rollingUpdate: (stage, usesWith) => remote.rollingUpdate(stage, usesWith),
    profile: (target) =>
      Promise.reject(new MillraceError('UNSUPPORTED', `${target} runs in a container. Profile it there.`)),
    replicasOf: (name) => plan.stages.find((stage) => stage.name === name)?.replicas ?? 0,
    status: () => remote.status(),
    describe: () => describeServer({ host, tls, token }),
    pods: () => [],
    async close({ remove = false }) {
      if (!remove) {
        await client.close()
        return remote.close({ remove })
      }
      // as on this machine, requests in flight are answered while the gateway stops
      try {
        await remote.close({ remove })
      } finally {
        await client.close()
      }
    },
  }
}

function tools({ name, quiet }: { readonly name: string; readonly quiet: boolean }): PlatformTools {
  const logger = programLogger(name)
  return { report: quiet ? () => {} : (sentence) => logger.info(sentence) }
}
