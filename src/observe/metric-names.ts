export type MetricKind = 'counter' | 'gauge' | 'histogram' | 'summary'

/** A metric of Millrace: what it measures, and the labels of its series. */
interface MetricDefinition {
  readonly kind: MetricKind
  readonly help: string
  /** Those of every series. */
  readonly labels: readonly string[]
  /** Those of some series only. */
  readonly optional?: readonly string[]
}

/**
 * Every metric that Millrace reports, by name; docs/metrics.md is generated from this table (`npm run gen:metrics`). Names and
 * labels that begin with `jina_` are those of Jina (jina.md 7.1), so that its dashboards work; `runtime_name` is the pod.
 * Names are never changed.
 */
export const metricTable = {
  millrace_requests_total: {
    kind: 'counter',
    help: 'Requests that have ended, by endpoint, protocol and code (OK or the code of the error).',
    labels: ['endpoint', 'protocol', 'code'],
  },
  millrace_request_seconds: {
    kind: 'histogram',
    help: 'Time from the arrival of a request at the gateway to its answer, failed requests included.',
    labels: ['endpoint', 'protocol'],
  },
  millrace_requests_in_flight: {
    kind: 'gauge',
    help: 'Requests that have arrived at the gateway and have not ended.',
    labels: [],
  },
  millrace_gate_waiting: {
    kind: 'gauge',
    help: 'Requests of streams that wait because the queue of the Flow is full.',
    labels: [],
  },
  millrace_gate_refused_total: {
    kind: 'counter',
    help: 'Requests refused because the queue of the Flow was full.',
    labels: [],
  },
  millrace_stage_queue_seconds: {
    kind: 'histogram',
    help: 'Time that a request waited for a replica, for hops that were answered.',
    labels: ['stage'],
  },
  millrace_hop_seconds: {
    kind: 'histogram',
    help: 'Time of a hop from the gateway to a replica and back, for hops that were answered; streams are not included.',
    labels: ['stage'],
  },
  millrace_stage_waiting: {
    kind: 'gauge',
    help: 'Requests that wait for a replica.',
    labels: ['stage'],
  },
  millrace_stage_waiting_bytes: {
    kind: 'gauge',
    help: 'Bytes of documents of the requests that wait for a replica.',
    labels: ['stage'],
  },
  millrace_stage_refused_total: {
    kind: 'counter',
    help: 'Requests refused by a stage: its queue was full, the answer would have come too late, or no replica was left.',
    labels: ['stage'],
  },
  millrace_retries_total: {
    kind: 'counter',
    help: 'Tries after a failed one.',
    labels: ['stage'],
  },
  millrace_hedges_total: {
    kind: 'counter',
    help: 'Second tries while the first was still running.',
    labels: ['stage'],
  },
  millrace_shard_requests_total: {
    kind: 'counter',
    help: 'Requests sent to a shard, of stages with several.',
    labels: ['stage'],
  },
  millrace_shard_failures_total: {
    kind: 'counter',
    help: 'Requests that failed at a shard or were answered too late, of stages with several.',
    labels: ['stage'],
  },
  millrace_coverage_ratio: {
    kind: 'gauge',
    help: 'Share of the requests to a shard that it answered in time since the start of the gateway, of stages with several shards.',
    labels: ['stage'],
  },
  millrace_background_running: {
    kind: 'gauge',
    help: 'Requests that run in a stage without an answer that waits for them.',
    labels: ['stage'],
  },
  millrace_background_failed_total: {
    kind: 'counter',
    help: 'Requests without a waiting answer that failed or were dropped.',
    labels: ['stage'],
  },
  millrace_replicas: {
    kind: 'gauge',
    help: 'Replicas that the gateway knows, by state: ready, ejected, probing, silent, lost.',
    labels: ['stage', 'state'],
  },
  millrace_ejections_total: {
    kind: 'counter',
    help: 'Replicas that were ejected because they failed too often.',
    labels: ['stage'],
  },
  millrace_replicas_lost_total: {
    kind: 'counter',
    help: 'Replicas whose connection was lost without having been asked to stop.',
    labels: ['stage'],
  },
  millrace_replica_in_flight: {
    kind: 'gauge',
    help: 'Requests that were sent to a replica and are not answered.',
    labels: ['stage', 'pod'],
  },
  millrace_replica_answered_total: {
    kind: 'counter',
    help: 'Requests that a replica has answered, those whose handler threw included.',
    labels: ['stage', 'pod'],
  },
  millrace_replica_failed_total: {
    kind: 'counter',
    help: 'Requests that failed at a replica without an answer: it was lost, refused them, or took too long.',
    labels: ['stage', 'pod'],
  },
  millrace_replicas_wanted: {
    kind: 'gauge',
    help: 'Replicas that a stage should have, as its last change of scale says; of stages that the Flow runs itself.',
    labels: ['stage'],
  },
  millrace_replicas_healed_total: {
    kind: 'counter',
    help: 'Replicas that had ended unexpectedly and run again.',
    labels: ['stage'],
  },
  millrace_pod_up: {
    kind: 'gauge',
    help: 'Whether a pod on this machine gave its metrics within half a second: 1, or 0, and then its other series are missing.',
    labels: ['stage', 'pod'],
  },
  millrace_executor_seconds: {
    kind: 'histogram',
    help: 'Time of a call of a method of an Executor, failed calls included; a batch is one call.',
    labels: ['stage', 'pod', 'endpoint'],
  },
  millrace_executor_requests_total: {
    kind: 'counter',
    help: 'Requests that have ended in a pod: OK, FAILED when the method threw, REFUSED when it did not run.',
    labels: ['stage', 'pod', 'endpoint', 'outcome'],
  },
  millrace_executor_queue_seconds: {
    kind: 'histogram',
    help: 'Time that a request waited in a pod before its method was called, for a batch to fill as well.',
    labels: ['stage', 'pod', 'endpoint'],
  },
  millrace_executor_in_flight: {
    kind: 'gauge',
    help: 'Requests that run or wait in a pod.',
    labels: ['stage', 'pod'],
  },
  millrace_batch_documents: {
    kind: 'histogram',
    help: 'Documents of a batch, of endpoints with batching.',
    labels: ['stage', 'pod', 'endpoint'],
  },
  millrace_batch_requests_total: {
    kind: 'counter',
    help: 'Requests in batches; one that is divided counts in each of them.',
    labels: ['stage', 'pod', 'endpoint'],
  },
  millrace_own_values_dropped_total: {
    kind: 'counter',
    help: 'Values of the own metrics of an Executor that were dropped because it had a thousand series.',
    labels: ['stage', 'pod'],
  },
  millrace_index_documents: {
    kind: 'gauge',
    help: 'Documents in the index of a VectorIndexer; its replicas share one.',
    labels: ['stage', 'pod'],
  },
  millrace_index_commits_total: {
    kind: 'counter',
    help: 'Commits of changed documents by a VectorIndexer.',
    labels: ['stage', 'pod'],
  },
  millrace_event_loop_delay_seconds: {
    kind: 'gauge',
    help: 'Delay of the event loop since the last scrape: its percentiles 50, 90, 99 and 100, the longest.',
    labels: ['pod', 'percentile'],
  },
  millrace_event_loop_utilization_ratio: {
    kind: 'gauge',
    help: 'Share of the time since the last scrape in which the event loop was busy.',
    labels: ['pod'],
  },
  millrace_heap_used_bytes: {
    kind: 'gauge',
    help: 'Memory used by JavaScript objects of a pod.',
    labels: ['pod'],
  },
  millrace_external_memory_bytes: {
    kind: 'gauge',
    help: 'Memory outside of the JavaScript heap that objects of a pod hold, such as buffers.',
    labels: ['pod'],
  },
  millrace_process_resident_memory_bytes: {
    kind: 'gauge',
    help: "Resident memory of the process of the gateway or a pod; pods that are threads are part of the gateway's.",
    labels: ['pod'],
  },
  millrace_process_cpu_seconds_total: {
    kind: 'counter',
    help: "CPU time of the process of the gateway or a pod, user and system; pods that are threads are part of the gateway's.",
    labels: ['pod'],
  },
  jina_receiving_request_seconds: {
    kind: 'summary',
    help: 'Time of successful requests, from arrival to answer.',
    labels: ['runtime_name'],
  },
  jina_number_of_pending_requests: {
    kind: 'gauge',
    help: 'Requests that have arrived and have not ended.',
    labels: ['runtime_name'],
  },
  jina_successful_requests_total: {
    kind: 'counter',
    help: 'Requests that succeeded.',
    labels: ['runtime_name'],
  },
  jina_failed_requests_total: {
    kind: 'counter',
    help: 'Requests that failed.',
    labels: ['runtime_name'],
  },
  jina_received_request_bytes: {
    kind: 'summary',
    help: 'Bytes of the documents of requests.',
    labels: ['runtime_name'],
    optional: ['executor', 'executor_endpoint'],
  },
  jina_sent_response_bytes: {
    kind: 'summary',
    help: 'Bytes of the documents of successful answers; streamed documents are not included.',
    labels: ['runtime_name'],
  },
  jina_sending_request_seconds: {
    kind: 'summary',
    help: 'Time of hops from the gateway to a replica and back.',
    labels: ['runtime_name'],
  },
  jina_process_request_seconds: {
    kind: 'summary',
    help: 'Time of calls of a method of an Executor, failed calls included; a batch is one call.',
    labels: ['runtime_name', 'executor', 'executor_endpoint'],
  },
  jina_document_processed_total: {
    kind: 'counter',
    help: 'Documents of the calls of a method of an Executor, without those of streams.',
    labels: ['runtime_name', 'executor', 'executor_endpoint'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>

export type MetricName = keyof typeof metricTable

type OptionalLabel<N extends MetricName> = (typeof metricTable)[N] extends {
  readonly optional: readonly (infer L extends string)[]
}
  ? L
  : never

/** The labels of a metric. */
export type LabelsOf<N extends MetricName> = Readonly<
  Record<(typeof metricTable)[N]['labels'][number], string> & Partial<Record<OptionalLabel<N>, string>>
>
