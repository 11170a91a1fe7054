import type { MessagePort } from 'node:worker_threads'
import type { HealthState } from '../balancer/health.js'
import type { HopTimes } from '../balancer/hops.js'
import { Budget } from '../budget/budget.js'
import type { Description } from '../call/call.js'
import { hostSources } from '../discovery/host-sources.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { openSpans } from '../observe/tracing/open-spans.js'
import { Background } from '../topology/background.js'
import { dial } from '../transport/index.js'
import type { Address, Channel } from '../transport/transport.js'
import { Authenticator } from './auth/authenticator.js'
import { createCallers } from './callers/callers.js'
import { clientsBehind } from './callers/clients.js'
import type { BoundPorts, Gateway, OnEvent } from './contract.js'
import type { Departure, Expectation, GatewayEvent, Removal, ReplicaCounts, StageLoad } from './events.js'
import { type Externals, externalsOf } from './externals/externals.js'
import { Gate } from './gate.js'
import { identityOf, recipientCheck, recipientOf } from './identity.js'
import { Listeners } from './listeners/listeners.js'
import { LiveStages } from './live-stages.js'
import { GatewayMetrics, gatewayPod } from './metrics/gateway-metrics.js'
import { gatewayObserver } from './observers.js'
import { probe } from './probe.js'
import { JsonThread } from './protocols/http/json/json-thread.js'
import { LocalServer } from './protocols/local/server.js'
import { RateLimiter } from './rate-limit/rate-limiter.js'
import { requestStack } from './request-stack.js'
import type { Serving } from './serving.js'
import { ServingState } from './serving-state.js'
import type { LiveShard } from './shard.js'
import type { GatewaySpec } from './spec.js'
import { TlsTermination } from './tls/termination.js'
import { type GatewayTools, type ResolvedTools, resolveTools } from './tools.js'
import { RequestTracer } from './tracing/request-tracer.js'

/**
 * Creates a gateway in this thread. It binds no port and dials no server before `listen()`.
 *
 * @throws INVALID_OPTION, UNSUPPORTED
 */
export function createGateway(spec: GatewaySpec, tools: GatewayTools = {}): Gateway {
  return new LocalGateway(spec, resolveTools(spec, tools))
}

class LocalGateway implements Gateway {
  readonly #spec: GatewaySpec
  readonly #stages: LiveStages
  readonly #externals: readonly Externals[]
  readonly #ports: Listeners
  readonly #authenticator: Authenticator | null
  readonly #metrics: GatewayMetrics | null
  readonly #tracer: RequestTracer | undefined
  readonly #say: (sentence: string) => void
  readonly #tls: TlsTermination | null
  readonly #limiter: RateLimiter | null
  readonly #state = new ServingState()
  readonly #local: LocalServer
  readonly #background: Background
  readonly #json: JsonThread | undefined
  readonly #clock: Clock
  readonly #listeners: OnEvent[] = []
  #closed: Promise<void> | undefined

  constructor(spec: GatewaySpec, tools: ResolvedTools) {
    const { clock, logger } = tools
    const { tracing = null } = spec
    this.#tracer = tracing === null ? undefined : new RequestTracer(tracing)
    const observer = gatewayObserver(spec, tools, this.#tracer)
    const identity = identityOf(spec)
    this.#spec = spec
    this.#clock = clock
    const { metrics: rules = null, auth = null } = spec
    const say = (sentence: string): void => logger.warn(sentence)
    this.#say = say
    const authenticator = auth === null ? null : new Authenticator(auth, { clock, say })
    const metrics =
      rules === null
        ? null
        : new GatewayMetrics(rules, {
            clock,
            isListed: (endpoint) => this.#stages.isListed(endpoint),
            loads: () => this.#loads(),
            pods: () => this.#stages.pods(),
            pod: spec.metricsPod,
            authenticate: authenticator?.check ?? null,
            say,
          })
    this.#metrics = metrics
    const onDemand = (stage: string): void => this.#tell({ kind: 'demand', stage })
    const onSilent = (stage: string, pod: string, silentMs: number): void =>
      this.#tell({ kind: 'silent', stage, pod, silentMs })
    const onState = (stage: string, pod: string, state: HealthState): void => {
      observer?.replica?.({ name: 'replica.state', stage, pod, state })
      metrics?.changed(stage, state)
    }
    const hopTimes = (shard: string): HopTimes | undefined => metrics?.hopTimes(shard)
    const stages = new LiveStages(spec, { ...tools, onDemand, onSilent, onState, hopTimes })
    this.#stages = stages
    const sourceOf = hostSources({ ...tools, say })
    this.#externals = stages.list.flatMap((stage) => externalsOf(stage, { clock, sourceOf, say }))
    const gate = new Gate(spec.queue)
    const { tls = null, rateLimit = null, trustProxy = false } = spec
    const limiter = rateLimit === null ? null : new RateLimiter(rateLimit, clock)
    this.#authenticator = authenticator
    const { handshakeMs } = spec.limits
    this.#tls = tls === null ? null : new TlsTermination(tls, { clock, logger, handshakeMs })
    this.#limiter = limiter
    const background = new Background({ clock, timeoutMs: spec.timeoutMs, ...spec.queue, say })
    this.#background = background
    const { jsonThread: entry } = tools
    this.#json = entry && new JsonThread({ entry, name: spec.name, clock })
    const serving: Serving = {
      handle: requestStack(spec, {
        stages: stages.list,
        gate,
        background,
        metrics,
        observer,
        clock,
        say,
      }),
      isFull: () => gate.full,
      describe: () => ({ ...stages.describe(), identity }),
      misdirected: recipientCheck(identity),
      state: this.#state,
      callers: createCallers({ authenticator, limiter }),
      clientOf: clientsBehind(trustProxy),
      onRefused: observer === undefined ? undefined : (event) => observer.call?.(event),
      onAnswered: observer === undefined ? undefined : (event) => observer.call?.(event),
      trustProxy,
      facts: { name: spec.name, limits: spec.requestLimits, open: auth?.open ?? null },
      prefetch: spec.prefetch,
      maxMessageBytes: spec.maxMessageBytes,
      limits: spec.limits,
      budget: new Budget(spec.limits.maxBytes),
      timeoutMs: spec.timeoutMs,
      grpc: spec.grpc,
      http: spec.http,
      json: this.#json,
    }
    this.#ports = new Listeners(spec.listeners, serving, { clock, tls: this.#tls })
    this.#local = new LocalServer(serving)
  }

  async listen(): Promise<BoundPorts> {
    await this.#openTracer()
    await this.#stages.open()
    await this.#authenticator?.open()
    this.#tls?.open()
    const ports = await this.#ports.listen()
    const metricsPort = (await this.#metrics?.listen()) ?? null
    await Promise.all(this.#externals.map((external) => external.open()))
    return { ports, metricsPort }
  }

  async add(name: string, pod: string, address: Address): Promise<Description> {
    const { stage, shard } = this.#stages.find(name)
    const index = stage.shards.indexOf(shard)
    const recipient = recipientOf(stage.spec, index, stage.spec.flow ?? this.#spec.name)
    const { forwardHeaders, docarray } = stage.spec
    const channel = await dial(address, { recipient, forwardHeaders, docarray: docarray ?? null })
    try {
      const description = await probe(channel, recipient)
      shard.pool.add(pod, channel, { reportsExit: true })
      stage.describe(pod, description)
      void channel.closed.then(({ reason }) => this.#lost(shard, pod, channel, reason)) // never rejects, by contract
      return description
    } catch (error) {
      await channel.close()
      throw MillraceError.from(error).at({ deployment: stage.name, pod })
    }
  }

  async remove(name: string, pod: string, options: Removal): Promise<Departure | null> {
    const { stage, shard } = this.#stages.find(name)
    // its exit may be reported before the end of its connection is seen
    const isNews = shard.pool.endpoints.get(pod)?.health.state !== 'lost'
    if (options.exit !== undefined && isNews) this.#metrics?.lost(shard.name)
    const removed = shard.pool.remove(pod, options)
    stage.forget(pod)
    return removed
  }

  async ready(): Promise<void> {
    this.#state.start()
  }

  accept(port: MessagePort): Promise<void> {
    return this.#local.accept(port)
  }

  close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#closed ??= this.#close(graceMs)
    return this.#closed
  }

  async expect(name: string, expectation: Expectation): Promise<void> {
    this.#stages.find(name).shard.pool.expect(expectation)
  }

  async supervise(name: string, counts: ReplicaCounts): Promise<void> {
    this.#metrics?.supervised(this.#stages.find(name).shard.name, counts)
  }

  status(): Promise<readonly StageLoad[]> {
    return Promise.resolve(this.#loads())
  }

  refusedByRate(): Promise<number | null> {
    return Promise.resolve(this.#limiter?.refused ?? null)
  }

  onEvent(listener: OnEvent): void {
    this.#listeners.push(listener)
  }

  async #close(graceMs: number): Promise<void> {
    const endsAt = this.#clock.monotonic() + graceMs
    this.#state.stop()
    this.#authenticator?.close()
    this.#tls?.close()
    this.#stages.flush()
    await Promise.all([this.#ports.close({ graceMs }), this.#local.close({ graceMs })])
    this.#json?.close()
    await this.#background.drain(Math.max(0, endsAt - this.#clock.monotonic()))
    await Promise.all(this.#externals.map((external) => external.close({ graceMs: 0 })))
    await this.#stages.close({ graceMs: 0 })
    await this.#metrics?.close()
    await this.#tracer?.close()
  }

  async #openTracer(): Promise<void> {
    const { name: flow, tracing = null, metricsPod: pod = gatewayPod } = this.#spec
    if (tracing === null) return
    this.#tracer?.start(await openSpans(tracing, { names: { flow, pod }, say: this.#say }))
  }

  #loads(): readonly StageLoad[] {
    const loads = this.#stages.loads(this.#background)
    return this.#metrics?.timed(loads) ?? loads
  }

  #lost({ name, pool }: LiveShard, pod: string, channel: Channel, reason: string): void {
    if (this.#closed !== undefined || !pool.has(pod, channel)) return
    this.#metrics?.lost(name)
    this.#tell({ kind: 'lost', stage: name, pod, reason })
  }

  #tell(event: GatewayEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
