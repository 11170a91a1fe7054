import { Histogram } from '../observe/metrics/histogram.js'
import type { MetricReport } from '../observe/metrics/report.js'
import type { DataRequest } from '../wire/data-request.js'

/** Upper bounds of the buckets of the sizes of batches. */
const sizeBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]

/** How a request has ended in a pod. */
export const outcomes = ['OK', 'FAILED', 'REFUSED'] as const

export type WorkerOutcome = (typeof outcomes)[number]

/** Which Executor of which pod is measured. */
export interface MeasuredPod {
  readonly stage: string
  readonly pod: string
  /** Name of its class. */
  readonly executor: string
}

/** What was measured at one endpoint of a pod. */
export class EndpointSeries {
  readonly queueSeconds = new Histogram()
  readonly handlerSeconds = new Histogram()
  /** Undefined for an endpoint without batching. */
  readonly batchDocuments: Histogram | undefined
  readonly ended: Record<WorkerOutcome, number> = { OK: 0, FAILED: 0, REFUSED: 0 }
  batchRequests = 0
  documents = 0
  arrived = 0
  bytesIn = 0
  /** From arrival to answer, of successful requests. */
  okSeconds = 0

  constructor({ isBatched }: { readonly isBatched: boolean }) {
    this.batchDocuments = isBatched ? new Histogram(sizeBuckets) : undefined
  }

  /** A request was answered `ms` after its arrival. Returns whether it succeeded. */
  answered({ status }: DataRequest, ms: number): boolean {
    if (status?.code === 'ERROR') {
      this.ended.FAILED++
      return false
    }
    this.ended.OK++
    this.okSeconds += ms / 1000
    return true
  }

  collect(report: MetricReport, endpoint: string, { stage, pod, executor }: MeasuredPod): void {
    const labels = { stage, pod, endpoint }
    report.add('millrace_executor_seconds', labels, this.handlerSeconds.distribution)
    report.add('millrace_executor_queue_seconds', labels, this.queueSeconds.distribution)
    for (const outcome of outcomes)
      report.add('millrace_executor_requests_total', { ...labels, outcome }, this.ended[outcome])
    if (this.batchDocuments !== undefined) {
      report.add('millrace_batch_documents', labels, this.batchDocuments.distribution)
      report.add('millrace_batch_requests_total', labels, this.batchRequests)
    }
    const asInJina = { runtime_name: pod, executor, executor_endpoint: endpoint }
    const { sum, counts } = this.handlerSeconds.distribution
    const count = counts.reduce((total, each) => total + each, 0)
    report.add('jina_process_request_seconds', asInJina, { sum, count })
    report.add('jina_document_processed_total', asInJina, this.documents)
    report.add('jina_received_request_bytes', asInJina, { sum: this.bytesIn, count: this.arrived })
  }
}
