import type { Endpoint } from '../executor/endpoint.js'
import { type Clock, systemClock } from '../lib/clock.js'
import type { OwnMetrics } from '../observe/metrics/own/own-metrics.js'
import { ProcessMeter, type ProcessMeterOptions } from '../observe/metrics/process-meter.js'
import { type Metric, MetricReport } from '../observe/metrics/report.js'
import type { DataRequest } from '../wire/data-request.js'
import { EndpointSeries, type MeasuredPod } from './endpoint-series.js'
import type { TaskMeter } from './lane.js'

export interface WorkerMeterOptions extends ProcessMeterOptions {
  readonly of: MeasuredPod
  readonly endpoints: Iterable<Endpoint>
  readonly own: OwnMetrics
  readonly clock?: Clock
}

/** Runs a request: calls `began` when its turn has come, and resolves with the answer. */
export type Run = (began: () => void) => Promise<DataRequest>

/** Gets the times of the batches of one endpoint. */
export interface BatchTimes {
  /** A request waited `ms` until documents of it began to run. */
  waited(ms: number): void
  /** A batch ran for `ms`. */
  ran(batch: { readonly documents: number; readonly requests: number; readonly ms: number }): void
}

/** Measures the requests of a replica, its thread and process, and collects the metrics of its Executor. */
export class WorkerMeter {
  readonly #options: WorkerMeterOptions
  readonly #clock: Clock
  readonly #process: ProcessMeter
  /** By endpoint. */
  readonly #series: ReadonlyMap<string, EndpointSeries>

  constructor(options: WorkerMeterOptions) {
    const { of, endpoints, clock = systemClock } = options
    this.#options = options
    this.#clock = clock
    this.#process = new ProcessMeter(of.pod, options)
    this.#series = new Map(
      Array.from(endpoints, ({ path, batching }) => [
        path,
        new EndpointSeries({ isBatched: batching !== null }),
      ]),
    )
  }

  /**
   * The meter of a request that runs alone. The lane reads the clock anyway, and its promise is not wrapped: a meter of its own
   * cost each request three readings and a promise.
   */
  task(path: string, request: DataRequest): TaskMeter<DataRequest> {
    return new MeasuredTask(this.#arrived(path, request), request)
  }

  /** Measures a request of a batch, whose wait and time in the method its batch reports, or a stream; until its answer. */
  measure(
    path: string,
    request: DataRequest,
    { run, isTimed }: { run: Run; isTimed: boolean },
  ): Promise<DataRequest> {
    const series = this.#arrived(path, request)
    const arrived = this.#clock.monotonic()
    let began = -1
    const ran = (now: number): void => {
      if (began >= 0) series.handlerSeconds.observe((now - began) / 1000)
    }
    const begin = (): void => {
      if (!isTimed) return
      began = this.#clock.monotonic()
      series.queueSeconds.observe((began - arrived) / 1000)
    }
    return run(begin).then(
      (answer) => {
        const now = this.#clock.monotonic()
        ran(now)
        const isOk = series.answered(answer, now - arrived)
        if (isTimed && isOk) series.documents += request.peekDocCount()
        return answer
      },
      (error: unknown) => {
        ran(this.#clock.monotonic())
        series.ended.REFUSED++
        throw error
      },
    )
  }

  /** Where the batches of an endpoint are reported. */
  batchTimes(path: string): BatchTimes {
    const series = this.#series.get(path)!
    return {
      waited: (ms) => series.queueSeconds.observe(ms / 1000),
      ran({ documents, requests, ms }) {
        series.handlerSeconds.observe(ms / 1000)
        series.batchDocuments?.observe(documents)
        series.batchRequests += requests
        series.documents += documents
      },
    }
  }

  /** The current values. `inFlight`: requests that run or are queued. */
  async collect(inFlight: number): Promise<readonly Metric[]> {
    const { of, own } = this.#options
    const { stage, pod } = of
    const report = new MetricReport()
    report.add('millrace_executor_in_flight', { stage, pod }, inFlight)
    report.add('millrace_own_values_dropped_total', { stage, pod }, own.dropped)
    let ok = 0
    let failed = 0
    let okSeconds = 0
    for (const [path, series] of this.#series) {
      series.collect(report, path, of)
      ok += series.ended.OK
      failed += series.ended.FAILED + series.ended.REFUSED
      okSeconds += series.okSeconds
    }
    report.add('jina_receiving_request_seconds', { runtime_name: pod }, { sum: okSeconds, count: ok })
    report.add('jina_successful_requests_total', { runtime_name: pod }, ok)
    report.add('jina_failed_requests_total', { runtime_name: pod }, failed)
    this.#process.collect(report)
    report.merge(await own.collect({ stage, pod }))
    return report.metrics
  }

  close(): void {
    this.#process.close()
  }

  #arrived(path: string, request: DataRequest): EndpointSeries {
    const series = this.#series.get(path)!
    series.arrived++
    series.bytesIn += request.data?.byteLength ?? 0
    return series
  }
}

class MeasuredTask implements TaskMeter<DataRequest> {
  readonly #series: EndpointSeries
  readonly #request: DataRequest

  constructor(series: EndpointSeries, request: DataRequest) {
    this.#series = series
    this.#request = request
  }

  ended(waitedMs: number, tookMs: number, answer: DataRequest): void {
    this.#ran(waitedMs, tookMs)
    if (this.#series.answered(answer, waitedMs + tookMs))
      this.#series.documents += this.#request.peekDocCount()
  }

  failed(waitedMs: number, tookMs: number): void {
    this.#ran(waitedMs, tookMs)
    this.#series.ended.REFUSED++
  }

  refused(): void {
    this.#series.ended.REFUSED++
  }

  #ran(waitedMs: number, tookMs: number): void {
    this.#series.queueSeconds.observe(waitedMs / 1000)
    this.#series.handlerSeconds.observe(tookMs / 1000)
  }
}
