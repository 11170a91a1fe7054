// `Client` is disposed of with `await using`: declared here, so that a page needs no `lib` for it
/// <reference lib="esnext.disposable" preserve="true" />
/** `millrace/client`: the client for browsers, and the Documents that it sends and receives. */
export type { BaseClientOptions, PostResult } from '../client-core/base-client.js'
export type { Input, Inputs } from '../client-core/inputs.js'
export type { PostOptions, ResponseCallback, SendOptions, StreamOptions } from '../client-core/options.js'
export type { Response } from '../client-core/response.js'
export { sumResults } from '../client-core/sum-results.js'
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
} from '../document/index.js'
export { type ErrorCode, MillraceError, type Whereabouts } from '../errors.js'
export type { Coverage, ShardFailure } from '../wire/coverage.js'
export type { Route, Status } from '../wire/data-request.js'
export { Client, type ClientOptions } from './client.js'
