// `Flow` is disposed of with `await using`: declared here, so that a program needs no `lib` for it
/// <reference lib="esnext.disposable" preserve="true" />
/** The door `millrace`. */
export { Client, type ClientOptions } from './client/client.js'
export type { PostResult } from './client-core/base-client.js'
export type { Input, Inputs } from './client-core/inputs.js'
export type { PostOptions, ResponseCallback, SendOptions, StreamOptions } from './client-core/options.js'
export type { Response } from './client-core/response.js'
export type { CallTypes, PlainDocument, TypedClient, TypedResponse } from './client-core/typed-client.js'
export { sumResults } from './client-core/sum-results.js'
export {
  BsrMatrix,
  CooMatrix,
  CscMatrix,
  CsrMatrix,
  Document,
  DocumentArray,
  type DocumentInit,
  type FindOptions,
  NdArray,
  type SparseMatrix,
  SparseRow,
  type Tensor,
} from './document/index.js'
export {
  bytes,
  doc,
  type DocClass,
  type DocInit,
  type DocList,
  type DocOptions,
  documentOf,
  type EndpointMap,
  type FlowTypes,
  type Infer,
  optional,
  type StandardSchema,
  tensor,
  type TypeOptions,
} from './document/typed/index.js'
export { errorCodes } from './error-codes.js'
export { type ErrorCode, MillraceError, type Whereabouts } from './errors.js'
export type { BatchOptions, DynamicBatching } from './executor/batching.js'
export type {
  HandlerContext,
  HandlerMethod,
  HandlerResult,
  TypedHandler,
} from './executor/context.js'
export { Executor, type ExecutorClass } from './executor/executor.js'
export { monitor, type MonitorOptions } from './executor/monitor.js'
export { requests } from './executor/requests.js'
export { typed } from './executor/typed.js'
export type { LoadOptions } from './config/load-flow.js'
export type { RolledOut, Scaled, ScaleRequest } from './control/controlled.js'
export type { RoutesClient, RoutesContext } from './gateway/protocols/http/own-routes/routes-context.js'
export { Flow } from './flow/flow.js'
export type { CloseOptions } from './flow/close-options.js'
export type { AttachOptions, StartOptions } from './platforms/index.js'
export type { PodState, PodStatus, FlowStatus, ShardStatus, StageStatus } from './control/status.js'
export type { OwnSpan } from './call/own-span.js'
export type { LogRules } from './observe/log-rules.js'
export type { Logger } from './observe/logger.js'
export type { TracingRules } from './observe/tracing/tracing-rules.js'
export type {
  Counter,
  Gauge,
  GaugeOptions,
  HistogramOptions,
  MetricOptions,
  Metrics,
  Observed,
} from './observe/metrics/own/metrics.js'
export type { Amounts, ContainerOptions, Resources, SecretKey } from './plan/container.js'
export type { FlowOptions } from './plan/flow-settings.js'
export type { ExecutorConfig } from './yaml/executor-config.js'
export type { Runtime, Uses } from './plan/executor-settings.js'
export type { AddOptions as StageOptions } from './plan/stage-settings.js'
export type { Polling } from './shards/polling.js'
export type { ReduceContext, ReduceFunction } from './shards/reduce.js'
export type { Coverage, ShardFailure } from './wire/coverage.js'
export type { Route, Status } from './wire/data-request.js'
export type { Ranking } from './wire/lists/ranking.js'
