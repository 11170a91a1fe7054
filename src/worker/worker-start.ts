import type { Executor, ExecutorClass } from '../executor/executor.js'
import type { Endpoint } from '../executor/endpoint.js'
import { endpointsOf } from '../executor/endpoints.js'
import { loadClass } from '../executor/load.js'
import { createLogger, type Logger } from '../observe/logger.js'
import { OwnMetrics } from '../observe/metrics/own/own-metrics.js'
import type { TracingRules } from '../observe/tracing/tracing-rules.js'
import { constructExecutor, type StartStep, warmUp } from './construct.js'
import type { ExecutorSpec } from './spec.js'
import type { WorkerTracer } from './tracing/worker-tracer.js'
import { ExecutorWorker, type Worker } from './worker.js'
import type { WorkerMeter } from './worker-meter.js'

export interface WorkerOptions {
  /** The class, if the caller has it; default: loaded as the spec says. */
  readonly executorClass?: ExecutorClass
  /** Called when the start goes on to its next step. */
  readonly onStep?: (step: StartStep) => void
  /** Default: a logger with the name of the pod. */
  readonly logger?: Logger
  /** Its metrics have the memory and CPU of its process too. Default: on the main thread of a process. */
  readonly ownsProcess?: boolean
}

/**
 * Loads, checks and constructs the executor of one replica.
 *
 * Rejects with MODULE_NOT_FOUND, EXPORT_NOT_FOUND, INVALID_EXECUTOR, UNSUPPORTED, START_FAILED when the constructor
 * throws, or WORKSPACE_CONFLICT when it reads a workspace that is refused.
 */
export async function startWorker(spec: ExecutorSpec, options: WorkerOptions = {}): Promise<Worker> {
  const { onStep = () => {} } = options
  onStep('loading')
  const Class =
    options.executorClass ??
    (await loadClass(spec.module, spec.className, {
      others: spec.otherModules ?? [],
      nativeTypeScript: spec.nativeTypeScript ?? false,
    }))
  const logger = options.logger ?? createLogger(spec.podName)
  const requests = endpointsOf(Class, spec.usesRequests, spec.dynamicBatching)
  onStep('constructing')
  const metrics = new OwnMetrics({ isOn: spec.metrics === true })
  const executor = constructExecutor(Class, spec, { requests, logger, metrics })
  onStep('warming-up')
  await warmUp(executor)
  const meter =
    spec.metrics === true ? await meterOf(spec, { executor, requests, metrics, options }) : undefined
  const tracer = spec.tracing ? await tracerOf(spec, spec.tracing, logger) : undefined
  return new ExecutorWorker(executor, requests, { spec, logger, meter, tracer })
}

/** Loaded when needed: pods without metrics start sooner and are smaller. */
async function meterOf(
  { deployment: stage, podName: pod }: ExecutorSpec,
  tools: {
    readonly executor: Executor
    readonly requests: ReadonlyMap<string, Endpoint>
    readonly metrics: OwnMetrics
    readonly options: WorkerOptions
  },
): Promise<WorkerMeter> {
  const { executor, requests, metrics: own, options } = tools
  const { WorkerMeter } = await import('./worker-meter.js')
  const { ownsProcess } = options
  return new WorkerMeter({
    of: { stage, pod, executor: executor.metas.name },
    endpoints: requests.values(),
    own,
    ...(ownsProcess !== undefined && { ownsProcess }),
  })
}

/** Loaded when needed, like the meter. */
async function tracerOf(
  { flow, podName: pod }: ExecutorSpec,
  rules: TracingRules,
  logger: Logger,
): Promise<WorkerTracer> {
  const [{ openSpans }, { WorkerTracer }] = await Promise.all([
    import('../observe/tracing/open-spans.js'),
    import('./tracing/worker-tracer.js'),
  ])
  const say = (sentence: string): void => logger.warn(sentence)
  return new WorkerTracer(await openSpans(rules, { names: { flow, pod }, say }), pod)
}
