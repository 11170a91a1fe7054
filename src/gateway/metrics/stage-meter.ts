import type { HealthState } from '../../balancer/health.js'
import type { HopTimes } from '../../balancer/hops.js'
import { countOf, type Distribution, Histogram } from '../../observe/metrics/histogram.js'
import type { MetricReport } from '../../observe/metrics/report.js'
import type { ReplicaCounts, StageLoad } from '../events.js'

/** States of a replica, each of which has a series. */
const states: readonly HealthState[] = ['ready', 'ejected', 'probing', 'silent', 'lost']

/** Counts what happens in one shard of a stage, and in a stage without shards. */
class ShardSeries implements HopTimes {
  readonly #queueSeconds = new Histogram()
  readonly #hopSeconds = new Histogram()
  ejections = 0
  lost = 0
  counts: ReplicaCounts | undefined

  answered(waitedMs: number, tookMs: number): void {
    this.#queueSeconds.observe(waitedMs / 1000)
    this.#hopSeconds.observe(tookMs / 1000)
  }

  get queueSeconds() {
    return this.#queueSeconds.distribution
  }

  get hopSeconds() {
    return this.#hopSeconds.distribution
  }
}

/** Measures the stages of a gateway. The label `stage` is the name of a shard where a stage has several: `exec/shard-1`. */
export class StageMeter {
  readonly #runtimeName: string
  readonly #shards = new Map<string, ShardSeries>()

  /** `runtimeName`: value of the label `runtime_name`. */
  constructor(runtimeName: string) {
    this.#runtimeName = runtimeName
  }

  /** Where the hops of a shard are reported. */
  hopsOf(shard: string): HopTimes {
    return this.#of(shard)
  }

  hopSeconds(shard: string): Distribution {
    return this.#of(shard).hopSeconds
  }

  changed(shard: string, state: HealthState): void {
    if (state === 'ejected') this.#of(shard).ejections++
  }

  lost(shard: string): void {
    this.#of(shard).lost++
  }

  supervised(shard: string, counts: ReplicaCounts): void {
    this.#of(shard).counts = counts
  }

  collect(report: MetricReport, loads: readonly StageLoad[]): void {
    for (const load of loads) this.#collect(report, load)
    const hops = [...this.#shards.values()].map(({ hopSeconds }) => hopSeconds)
    const sum = hops.reduce((total, hop) => total + hop.sum, 0)
    const count = hops.reduce((total, hop) => total + countOf(hop), 0)
    report.add('jina_sending_request_seconds', { runtime_name: this.#runtimeName }, { sum, count })
  }

  #collect(report: MetricReport, load: StageLoad): void {
    const labels = { stage: load.name }
    const { queueSeconds, hopSeconds, ejections, lost, counts } = this.#of(load.name)
    report.add('millrace_stage_queue_seconds', labels, queueSeconds)
    report.add('millrace_hop_seconds', labels, hopSeconds)
    report.add('millrace_stage_waiting', labels, load.waiting)
    report.add('millrace_stage_waiting_bytes', labels, load.waitingBytes)
    report.add('millrace_stage_refused_total', labels, load.refused)
    report.add('millrace_retries_total', labels, load.retries)
    report.add('millrace_hedges_total', labels, load.hedges)
    report.add('millrace_background_running', labels, load.backgroundRunning)
    report.add('millrace_background_failed_total', labels, load.backgroundFailed)
    report.add('millrace_ejections_total', labels, ejections)
    report.add('millrace_replicas_lost_total', labels, lost)
    if (load.asked > 0) {
      report.add('millrace_shard_requests_total', labels, load.asked)
      report.add('millrace_shard_failures_total', labels, load.failed)
      report.add('millrace_coverage_ratio', labels, 1 - load.failed / load.asked)
    }
    if (counts !== undefined) {
      report.add('millrace_replicas_wanted', labels, counts.wanted)
      report.add('millrace_replicas_healed_total', labels, counts.healed)
    }
    for (const state of states) {
      const count = load.replicas.filter((replica) => replica.state === state).length
      report.add('millrace_replicas', { ...labels, state }, count)
    }
    for (const { name: pod, inFlight, answered, failed } of load.replicas) {
      report.add('millrace_replica_in_flight', { ...labels, pod }, inFlight)
      report.add('millrace_replica_answered_total', { ...labels, pod }, answered)
      report.add('millrace_replica_failed_total', { ...labels, pod }, failed)
    }
  }

  #of(shard: string): ShardSeries {
    let series = this.#shards.get(shard)
    if (series === undefined) this.#shards.set(shard, (series = new ShardSeries()))
    return series
  }
}
