import type { MessagePort } from 'node:worker_threads'
import type { Description } from '../call/call.js'
import { requestLimits } from '../call/layers/request-limits.js'
import { stack } from '../call/stack.js'
import { MillraceError } from '../errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { type Logger, programLogger } from '../observe/logger.js'
import type { HealthState } from '../balancer/health.js'
import type { HopTimes } from '../balancer/hops.js'
import { guarded } from '../call/guarded.js'
import type { Observer } from '../call/observation.js'
import { Authenticator } from './auth/authenticator.js'
import { accessLog } from './access-log/access-log.js'
import { GatewayMetrics, gatewayPod } from './metrics/gateway-metrics.js'
import type { MeasuredPod } from './metrics/pod-metrics.js'
import { createCallers } from './callers/callers.js'
import { clientsBehind } from './callers/clients.js'
import { RateLimiter } from './rate-limit/rate-limiter.js'
import { observed } from './observed.js'
import { Background } from '../topology/background.js'
import { inOrder } from '../topology/graph.js'
import { visits } from '../topology/stage.js'
import { Targets } from '../topology/targets.js'
import { Unserved } from '../topology/unserved.js'
import { walkGraph } from '../topology/walk-graph.js'
import { dial } from '../transport/index.js'
import type { Address, Channel } from '../transport/transport.js'
import { Budget } from '../budget/budget.js'
import type { PodIdentity } from '../wire/identity.js'
import { mergeDescriptions } from './describe.js'
import type { Departure, Expectation, GatewayEvent, Removal, ReplicaCounts, StageLoad } from './events.js'
import { type Externals, externalsOf } from './externals/externals.js'
import { hostSources } from '../discovery/host-sources.js'
import { type Cluster, ownCluster } from '../discovery/kubernetes/cluster.js'
import { type Lookup, systemLookup } from '../discovery/lookup.js'
import { Gate } from './gate.js'
import { identityOf, recipientCheck, recipientOf } from './identity.js'
import { probe } from './probe.js'
import { Listeners } from './listeners/listeners.js'
import { JsonThread } from './protocols/http/json/json-thread.js'
import { LocalServer } from './protocols/local/server.js'
import type { Serving } from './serving.js'
import { ServingState } from './serving-state.js'
import type { ProgramReduce } from './reducers.js'
import { undescribed } from './refusals.js'
import type { LiveShard } from './shard.js'
import type { GatewaySpec } from './spec.js'
import { LiveStage } from './stage.js'
import { openSpans } from '../observe/tracing/open-spans.js'
import { RequestTracer } from './tracing/request-tracer.js'
import { TlsTermination } from './tls/termination.js'

/** Receives the events of a gateway. */
export type OnEvent = (event: GatewayEvent) => void

/** The ports that a gateway has bound. */
export interface BoundPorts {
  /** In the order of the listeners. */
  readonly ports: readonly number[]
  /** Null when metrics are off. */
  readonly metricsPort: number | null
}

/** The entry point of a Flow; runs in any thread. */
export interface Gateway {
  /**
   * Binds every listener, and has tried once to reach each external server. Resolves with the ports, in the order of the
   * listeners, and that of the metrics. Rejects with PORT_IN_USE or START_FAILED, and then listens on no port.
   */
  listen(): Promise<BoundPorts>
  /**
   * Dials a pod of a stage, or of one of its shards (`exec/shard-1`), and balances requests to it once it has described
   * itself and answered a dry run. Rejects with UNAVAILABLE or with the pod's error.
   */
  add(stage: string, pod: string, address: Address): Promise<Description>
  /**
   * Sends the pod no more requests, waits for those in flight, at most `graceMs`, and closes the connection. Resolves with
   * what the pod had done, null when there is no such pod.
   */
  remove(stage: string, pod: string, options: Removal): Promise<Departure | null>
  /** Reports SERVING to health checks; until then they get NOT_SERVING. */
  ready(): Promise<void>
  /** Serves a client on another thread of this process, at the other end of `port`. */
  accept(port: MessagePort): Promise<void>
  /** Finishes the requests in flight, for at most `graceMs`, and closes. Idempotent. */
  close(options: { readonly graceMs: number }): Promise<void>
  /** Sets whether a stage without replicas will get one; for a stage with external servers it stays false. */
  expect(stage: string, expectation: Expectation): Promise<void>
  /** Tells the metrics what the Flow knows of the replicas of a stage, or of one of its shards. */
  supervise(stage: string, counts: ReplicaCounts): Promise<void>
  /** The current load of every shard of every stage. */
  status(): Promise<readonly StageLoad[]>
  /** Requests refused because of `rateLimit`; null without such a limit. */
  refusedByRate(): Promise<number | null>
  onEvent(listener: OnEvent): void
}

/** Dependencies of a gateway, replaceable in tests. */
export interface GatewayTools {
  readonly clock?: Clock
  /** In [0, 1). */
  readonly random?: () => number
  /** Default: the system's resolver. */
  readonly lookup?: Lookup
  /** Default: the cluster that this process runs in, if any. */
  readonly cluster?: () => Promise<Cluster | null>
  /** Default: standard error. */
  readonly logger?: Pick<Logger, 'debug' | 'info' | 'warn'>
  /** Observers of requests and replicas, besides the access log. */
  readonly observers?: readonly Observer[]
  /** The compiled entry of a thread for large JSON. Default: there is no thread. */
  readonly jsonThread?: URL
  /** Runs the `reduce` of stages where that is a function of the program. */
  readonly reduceInProgram?: ProgramReduce
}

/**
 * Creates a gateway in this thread. It binds no port and dials no server before `listen()`.
 *
 * @throws INVALID_OPTION, UNSUPPORTED
 */
export function createGateway(spec: GatewaySpec, tools: GatewayTools = {}): Gateway {
  return new LocalGateway(spec, {
    clock: systemClock,
    random: Math.random,
    lookup: systemLookup,
    cluster: ownCluster,
    logger: programLogger(spec.name),
    ...tools,
  })
}

type Tools = GatewayTools & Required<Omit<GatewayTools, 'reduceInProgram' | 'observers' | 'jsonThread'>>

/** A shard and its stage. */
interface StageShard {
  readonly stage: LiveStage
  readonly shard: LiveShard
}

class LocalGateway implements Gateway {
  readonly #spec: GatewaySpec
  readonly #identity: PodIdentity
  readonly #stages: readonly LiveStage[]
  readonly #shards: ReadonlyMap<string, StageShard>
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

  constructor(spec: GatewaySpec, tools: Tools) {
    const { clock, logger } = tools
    const { tracing = null } = spec
    this.#tracer = tracing === null ? undefined : new RequestTracer(tracing)
    const observer = guarded(observersOf(spec, tools, this.#tracer), onceTo(logger))
    const identity = identityOf(spec)
    this.#spec = spec
    this.#clock = clock
    this.#identity = identity
    const isListed = (endpoint: string): boolean =>
      this.#stages.some((stage) => stage.endpoints()?.has(endpoint) === true)
    const { metrics: rules = null, auth = null } = spec
    const say = (sentence: string): void => logger.warn(sentence)
    this.#say = say
    const authenticator = auth === null ? null : new Authenticator(auth, { clock, say })
    const metrics =
      rules === null
        ? null
        : new GatewayMetrics(rules, {
            clock,
            isListed,
            loads: () => this.#loads(),
            pods: () => this.#pods(),
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
    const serves = (name: string, endpoint: string): boolean | undefined => this.#serves(name, endpoint)
    const stages = inOrder(spec.stages).map(
      (stage) => new LiveStage(stage, { ...tools, serves, onDemand, onSilent, onState, hopTimes }),
    )
    this.#stages = stages
    this.#shards = new Map(
      stages.flatMap((stage) => stage.shards.map((shard) => [shard.name, { stage, shard }])),
    )
    const sourceOf = hostSources({ ...tools, say })
    this.#externals = stages.flatMap((stage) => externalsOf(stage, { clock, sourceOf, say }))
    const targets = new Targets(stages.map(({ name }) => name))
    const unserved = new Unserved(stages, { rule: spec.unknownEndpoint ?? 'pass', say })
    const gate = new Gate(spec.queue)
    const { tls = null, rateLimit = null, trustProxy = false } = spec
    const limiter = rateLimit === null ? null : new RateLimiter(rateLimit, clock)
    this.#authenticator = authenticator
    const { handshakeMs } = spec.limits
    this.#tls = tls === null ? null : new TlsTermination(tls, { clock, logger, handshakeMs })
    this.#limiter = limiter
    this.#background = new Background({ clock, timeoutMs: spec.timeoutMs, ...spec.queue, say })
    const { jsonThread: entry } = tools
    this.#json = entry && new JsonThread({ entry, name: spec.name, clock })
    const serving: Serving = {
      handle: stack(
        [
          (next) => metrics?.measure(next, gate) ?? next,
          (next) => observed(observer, next),
          requestLimits(spec.requestLimits),
          (next) => gate.guard(next),
        ],
        walkGraph({ stages, targets, clock, unserved, background: this.#background }),
      ),
      isFull: () => gate.full,
      describe: () => this.#describe(),
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
    await Promise.all(this.#stages.map((stage) => stage.open()))
    await this.#authenticator?.open()
    this.#tls?.open()
    const ports = await this.#ports.listen()
    const metricsPort = (await this.#metrics?.listen()) ?? null
    await Promise.all(this.#externals.map((external) => external.open()))
    return { ports, metricsPort }
  }

  async add(name: string, pod: string, address: Address): Promise<Description> {
    const { stage, shard } = this.#find(name)
    const index = stage.shards.indexOf(shard)
    const recipient = recipientOf(stage.spec, index, stage.spec.flow ?? this.#spec.name)
    const channel = await dial(address, { recipient, forwardHeaders: stage.spec.forwardHeaders })
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
    const { stage, shard } = this.#find(name)
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
    this.#find(name).shard.pool.expect(expectation)
  }

  async supervise(name: string, counts: ReplicaCounts): Promise<void> {
    this.#metrics?.supervised(this.#find(name).shard.name, counts)
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
    for (const { pool } of this.#stages.flatMap(({ shards }) => shards))
      for (const { channel } of pool.endpoints.all()) channel.flush?.()
    await Promise.all([this.#ports.close({ graceMs }), this.#local.close({ graceMs })])
    this.#json?.close()
    await this.#background.drain(Math.max(0, endsAt - this.#clock.monotonic()))
    await Promise.all(this.#externals.map((external) => external.close({ graceMs: 0 })))
    await Promise.all(this.#stages.map((stage) => stage.close({ graceMs: 0 })))
    await this.#metrics?.close()
    await this.#tracer?.close()
  }

  async #openTracer(): Promise<void> {
    const { name: flow, tracing = null, metricsPod: pod = gatewayPod } = this.#spec
    if (tracing === null) return
    this.#tracer?.start(await openSpans(tracing, { names: { flow, pod }, say: this.#say }))
  }

  #loads(): readonly StageLoad[] {
    const loads = this.#stages.flatMap((stage) => stage.load(this.#background.counts(stage.name)))
    return this.#metrics?.timed(loads) ?? loads
  }

  #pods(): readonly MeasuredPod[] {
    return this.#stages.flatMap(({ name: stage, shards }) =>
      shards.flatMap(({ pool }) =>
        pool.endpoints.all().map(({ name: pod, channel }) => ({ stage, pod, channel })),
      ),
    )
  }

  #lost({ name, pool }: LiveShard, pod: string, channel: Channel, reason: string): void {
    if (this.#closed !== undefined || !pool.has(pod, channel)) return
    this.#metrics?.lost(name)
    this.#tell({ kind: 'lost', stage: name, pod, reason })
  }

  #tell(event: GatewayEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  /**
   * What all stages serve together. A peer asks once per connection and keeps the answer, so this throws while pods are still
   * starting. @throws UNAVAILABLE
   */
  #describe(): Description {
    const descriptions = this.#stages.flatMap((stage) => {
      if (!stage.isKnown) throw undescribed(stage.name)
      const { description } = stage
      if (description === undefined) return []
      const writeEndpoints = description.endpoints.filter((endpoint) => stage.isWrite(endpoint))
      return { ...description, writeEndpoints }
    })
    return { ...mergeDescriptions(descriptions), identity: this.#identity }
  }

  /** Whether a request for the endpoint visits the stage; undefined while the stage has not described itself. */
  #serves(name: string, endpoint: string): boolean | undefined {
    const stage = this.#stages.find((one) => one.name === name)
    if (stage === undefined) return false
    return stage.isKnown ? visits(stage, endpoint, undefined) : undefined
  }

  #find(name: string): StageShard {
    const found = this.#shards.get(name)
    if (found !== undefined) return found
    const known = [...this.#shards.keys()].join(', ')
    throw new MillraceError('NOT_FOUND', `There is no stage ${name}; there are: ${known}.`)
  }
}

function observersOf(
  { accessLog: rules = null, http }: GatewaySpec,
  tools: Tools,
  tracer: Observer | undefined,
): readonly Observer[] {
  const { observers = [] } = tools
  const own = [
    ...(rules === null ? [] : [accessLog(rules, { ...tools, ...http })]),
    ...(tracer ? [tracer] : []),
  ]
  return [...own, ...observers]
}

/** Logs the first error that an observer throws, because it may throw at every request. */
function onceTo(logger: Pick<Logger, 'warn'>): (error: unknown) => void {
  let isLogged = false
  return (error) => {
    if (isLogged) return
    isLogged = true
    logger.warn('An observer of this gateway threw; requests go on without it.', { error })
  }
}
