import type { HealthState } from '../../balancer/health.js'
import type { HopTimes } from '../../balancer/hops.js'
import type { Handler } from '../../call/call.js'
import type { Clock } from '../../lib/clock.js'
import { ProcessMeter } from '../../observe/metrics/process-meter.js'
import { type Metric, MetricReport } from '../../observe/metrics/report.js'
import type { Authenticate } from '../auth/authenticator.js'
import type { ReplicaCounts, StageLoad } from '../events.js'
import type { Gate } from '../gate.js'
import type { MetricsRules } from './metrics-rules.js'
import { MetricsServer } from './metrics-server.js'
import { type MeasuredPod, PodMetrics } from './pod-metrics.js'
import { RequestMeter } from './request-meter.js'
import { StageMeter } from './stage-meter.js'

export interface GatewayMetricsOptions {
  readonly clock: Clock
  /** Whether an Executor lists this endpoint. */
  isListed(endpoint: string): boolean
  loads(): readonly StageLoad[]
  pods(): readonly MeasuredPod[]
  /** Checks the tokens of callers; null where they need none. */
  readonly authenticate: Authenticate | null
  /** Value of the labels `pod` and `runtime_name` of what the gateway itself measures. Default: `gateway/rep-0`. */
  readonly pod?: string | undefined
  /** Logs a warning. */
  say(sentence: string): void
}

/** The gateway's own pod, as Jina names it. */
export const gatewayPod = 'gateway/rep-0'

/** What a gateway measures, and the port where that is served. */
export class GatewayMetrics {
  readonly #options: GatewayMetricsOptions
  readonly #requests: RequestMeter
  readonly #stages: StageMeter
  readonly #process: ProcessMeter
  readonly #pods: PodMetrics
  readonly #server: MetricsServer
  #gate: Gate | undefined

  constructor(rules: MetricsRules, options: GatewayMetricsOptions) {
    const { clock, authenticate, pod = gatewayPod } = options
    this.#options = options
    const isListed = (endpoint: string): boolean => options.isListed(endpoint)
    this.#requests = new RequestMeter({ clock, runtimeName: pod, isListed })
    this.#stages = new StageMeter(pod)
    // the gateway's thread is alone in its process with the thread of the program
    this.#process = new ProcessMeter(pod, { ownsProcess: true })
    this.#pods = new PodMetrics(options)
    this.#server = new MetricsServer({
      ...rules,
      authenticate: rules.auth ? authenticate : null,
      scrape: () => this.#scrape(),
    })
  }

  /** Wraps the handler of a gateway, whose gate is `gate`, so that its requests are measured. */
  measure(next: Handler, gate: Gate): Handler {
    this.#gate = gate
    return this.#requests.measure(next)
  }

  hopTimes(shard: string): HopTimes {
    return this.#stages.hopsOf(shard)
  }

  /** Loads with the times of their hops. */
  timed(loads: readonly StageLoad[]): readonly StageLoad[] {
    return loads.map((load) => ({ ...load, hopSeconds: this.#stages.hopSeconds(load.name) }))
  }

  /** The state of a replica has changed. */
  changed(shard: string, state: HealthState): void {
    this.#stages.changed(shard, state)
  }

  /** The connection to a replica was lost. */
  lost(shard: string): void {
    this.#stages.lost(shard)
  }

  /** Binds its port and resolves with the number. Rejects with PORT_IN_USE or START_FAILED. */
  listen(): Promise<number> {
    return this.#server.listen()
  }

  /** What the Flow knows of the replicas of a stage or shard. */
  supervised(shard: string, counts: ReplicaCounts): void {
    this.#stages.supervised(shard, counts)
  }

  async close(): Promise<void> {
    this.#process.close()
    await this.#server.close()
  }

  async #scrape(): Promise<readonly Metric[]> {
    const report = new MetricReport()
    this.#requests.collect(report)
    if (this.#gate !== undefined) {
      report.add('millrace_gate_waiting', {}, this.#gate.waiting)
      report.add('millrace_gate_refused_total', {}, this.#gate.refused)
    }
    this.#stages.collect(report, this.#options.loads())
    this.#process.collect(report)
    await this.#pods.collect(report)
    return report.metrics
  }
}
