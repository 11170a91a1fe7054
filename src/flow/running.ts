import { MillraceError } from '../errors.js'
import { type GatewayHandle, startGateway } from '../gateway/host.js'
import type { GatewaySpec } from '../gateway/spec.js'
import { systemClock } from '../lib/clock.js'
import { createLogger, type Logger } from '../observe/logger.js'
import type { Channel } from '../transport/transport.js'
import type { FlowPlan } from '../plan/flow-plan.js'
import { banner } from './banner.js'
import { Deployment } from './deployment.js'
import { WaitingLine } from './waiting.js'

/** What changed in a `scale()`. */
export interface Scaled {
  readonly from: number
  readonly to: number
  readonly seconds: number
}

/** A Flow that runs: its gateway and its deployments. */
export class RunningFlow {
  readonly port: number
  readonly #plan: FlowPlan
  readonly #gateway: GatewayHandle
  readonly #deployments: ReadonlyMap<string, Deployment>
  #scaling: Promise<unknown> = Promise.resolve()
  #closed: Promise<void> | null = null

  private constructor(plan: FlowPlan, gateway: GatewayHandle, deployments: ReadonlyMap<string, Deployment>) {
    this.port = gateway.port
    this.#plan = plan
    this.#gateway = gateway
    this.#deployments = deployments
  }

  /**
   * The gateway and all pods start at once; a pod is admitted when both are up.
   * When anything fails everything that was started is stopped before the failure is thrown.
   */
  static async start(plan: FlowPlan): Promise<RunningFlow> {
    const { settings } = plan
    const logger = createLogger(settings.name)
    const listening = startGateway(gatewaySpec(plan))
    const deployments = createDeployments(plan, listening, logger)
    const pending = new Map([...deployments.values()].map(({ plan: stage }) => [stage.name, stage.replicas]))
    const waiting = settings.quiet ? null : new WaitingLine(pending, process.stderr, systemClock)
    const failure = new AbortController()
    const growing = [...deployments.values()].map((deployment) =>
      deployment.grow(deployment.plan.replicas, {
        signal: failure.signal,
        onReady: () => waiting?.ready(deployment.name),
      }),
    )
    try {
      await settleAll([listening, ...growing], failure)
    } catch (error) {
      const gateway = await listening.catch(() => null)
      await stopAll(gateway, deployments, 0)
      throw error
    } finally {
      waiting?.close()
    }
    const gateway = await listening
    if (!settings.quiet) process.stderr.write(`${banner(settings, gateway.port)}\n`)
    gateway.onEvent((event) => {
      if (event.kind === 'lost') logger.warn(`the gateway lost ${event.pod}: ${event.reason}`, event)
    })
    void gateway.ended.then(({ expected, reason }) => {
      if (!expected) logger.error(`the gateway ended: ${reason}`)
    })
    return new RunningFlow(plan, gateway, deployments)
  }

  /** A way to the gateway for a client of this program. */
  connect(): Promise<Channel> {
    return this.#gateway.connect()
  }

  /** One after the other, in the order they were asked for. */
  scale(name: string, replicas: number): Promise<Scaled> {
    const turn = this.#scaling.then(() => this.#scale(name, replicas))
    this.#scaling = turn.catch(() => {})
    return turn
  }

  replicasOf(name: string): number {
    return this.#deployments.get(name)?.replicas ?? 0
  }

  close(): Promise<void> {
    this.#closed ??= stopAll(this.#gateway, this.#deployments, this.#plan.settings.graceMs)
    return this.#closed
  }

  async #scale(name: string, replicas: number): Promise<Scaled> {
    const deployment = this.#deployments.get(name)
    if (deployment === undefined) {
      throw new MillraceError(
        'UNSUPPORTED',
        `stage '${name}' has no replicas of its own to scale: it has no uses, or is external.`,
      )
    }
    const from = deployment.replicas
    const start = systemClock.monotonic()
    if (replicas > from) await deployment.grow(replicas, { signal: new AbortController().signal })
    else await deployment.shrink(replicas, this.#plan.settings.graceMs)
    return { from, to: deployment.replicas, seconds: (systemClock.monotonic() - start) / 1000 }
  }
}

function gatewaySpec(plan: FlowPlan): GatewaySpec {
  const { settings } = plan
  return {
    name: settings.name,
    host: settings.host,
    port: settings.port[0] ?? 0,
    prefetch: settings.prefetch,
    queue: settings.queue,
    maxMessageBytes: settings.maxMessageBytes,
    timeoutMs: settings.timeoutMs,
    stages: plan.stages.map((stage) => ({
      name: stage.name,
      passThrough: stage.source.kind === 'pass-through' && stage.external.length === 0,
      balance: stage.balance,
      timeoutSendMs: stage.timeoutSendMs ?? settings.timeoutSendMs,
      retries: stage.retries,
      hedge: stage.hedge,
      queue: stage.queue,
      silentMs: stage.source.kind === 'pass-through' ? null : (stage.liveness?.timeoutMs ?? null),
      external: stage.external.map((address) => ({ kind: 'grpc' as const, ...address })),
    })),
  }
}

function createDeployments(
  plan: FlowPlan,
  gateway: Promise<GatewayHandle>,
  logger: Logger,
): Map<string, Deployment> {
  const hooks = {
    onLine: (line: string): void => {
      process.stderr.write(`${line}\n`)
    },
    onLost: (pod: { readonly name: string }, exit: { readonly reason: string }): void =>
      logger.error(`${pod.name} ${exit.reason}`),
  }
  const started = plan.stages.filter((stage) => stage.source.kind !== 'pass-through')
  return new Map(started.map((stage) => [stage.name, new Deployment(stage, plan, gateway, hooks)]))
}

/** Waits for all, also when one fails; the first failure aborts the others and is thrown. */
async function settleAll(all: readonly Promise<unknown>[], failure: AbortController): Promise<void> {
  await Promise.allSettled(all.map((one) => one.catch((error: unknown) => failure.abort(error))))
  if (failure.signal.aborted) throw MillraceError.from(failure.signal.reason, 'START_FAILED')
}

/** The gateway first, so that requests under way still find their pods. */
async function stopAll(
  gateway: GatewayHandle | null,
  deployments: ReadonlyMap<string, Deployment>,
  graceMs: number,
): Promise<void> {
  await gateway?.close({ graceMs })
  await Promise.all([...deployments.values()].map((deployment) => deployment.close(graceMs)))
}
