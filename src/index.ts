// `Flow` is disposed of with `await using`: declared here, so that a program needs no `lib` for it
/// <reference lib="esnext.disposable" preserve="true" />
/** The door `millrace`. */
export { Client, type ClientOptions, type PostResult } from './client/client.js'
export type { Input, Inputs } from './client/inputs.js'
export type { PostOptions, ResponseCallback, SendOptions, StreamOptions } from './client/options.js'
export type { Response } from './client/response.js'
export { sumResults } from './client/sum-results.js'
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
export { type ErrorCode, errorCodes, MillraceError, type Whereabouts } from './errors.js'
export type { BatchOptions, DynamicBatching } from './executor/batching.js'
export type { HandlerContext, HandlerMethod, HandlerResult } from './executor/context.js'
export { Executor, type ExecutorClass } from './executor/executor.js'
export { requests } from './executor/requests.js'
export type { LoadOptions } from './config/load-flow.js'
export type { RolledOut, Scaled, ScaleRequest } from './control/controlled.js'
export { Flow } from './flow/flow.js'
export type { CloseOptions } from './flow/close-options.js'
export type { AttachOptions, StartOptions } from './platforms/index.js'
export type { PodState, PodStatus, FlowStatus, ShardStatus, StageStatus } from './control/status.js'
export type { Logger } from './observe/logger.js'
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
