import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'
import { getHeapStatistics } from 'node:v8'
import type { MetricReport } from './report.js'

const percentiles = [50, 90, 99, 100]

/** How often the delay of the event loop is sampled, in milliseconds. */
const resolution = 20

export interface ProcessMeterOptions {
  /** Reports memory and CPU of the whole process too. Default: on the main thread of a process. */
  readonly ownsProcess?: boolean
}

/** Measures the event loop and the memory of this thread, and memory and CPU of its process, for the pod that runs here. */
export class ProcessMeter {
  readonly #pod: string
  readonly #ownsProcess: boolean
  readonly #delay = monitorEventLoopDelay({ resolution })
  #utilization: EventLoopUtilization = performance.eventLoopUtilization()

  constructor(pod: string, { ownsProcess = isMainThread }: ProcessMeterOptions = {}) {
    this.#pod = pod
    this.#ownsProcess = ownsProcess
    this.#delay.enable()
  }

  collect(report: MetricReport): void {
    const pod = this.#pod
    for (const percentile of percentiles) {
      // each sample includes the interval of the sampling itself
      const delayMs = Math.max(0, this.#delay.percentile(percentile) / 1e6 - resolution)
      report.add('millrace_event_loop_delay_seconds', { pod, percentile: String(percentile) }, delayMs / 1000)
    }
    this.#delay.reset()
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, this.#utilization)
    this.#utilization = now
    report.add('millrace_event_loop_utilization_ratio', { pod }, utilization)
    const { used_heap_size: heap, external_memory: external } = getHeapStatistics()
    report.add('millrace_heap_used_bytes', { pod }, heap)
    report.add('millrace_external_memory_bytes', { pod }, external)
    if (!this.#ownsProcess) return
    const { user, system } = process.cpuUsage()
    report.add('millrace_process_resident_memory_bytes', { pod }, process.memoryUsage.rss())
    report.add('millrace_process_cpu_seconds_total', { pod }, (user + system) / 1e6)
  }

  close(): void {
    this.#delay.disable()
  }
}
