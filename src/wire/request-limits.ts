import { MillraceError } from '../errors.js'
import type { DataRequest } from './data-request.js'
import { checkStruct } from './struct-limits.js'

/** Limits of a request. */
export interface RequestLimits {
  /** Bytes of the parameters. Default 4 MiB. */
  readonly parameterBytes: number
  /** Members of objects and items of lists in the parameters, on all levels together. Default 65,536. */
  readonly parameterValues: number
  /** Levels of objects and lists below the top of the parameters. Default and maximum: 64. */
  readonly parameterDepth: number
  /** Number of documents. Default 500,000. */
  readonly documents: number
}

/** Decodes nothing. @throws INVALID_INPUT for a request beyond the limits, MALFORMED for parameters that are not a Struct */
export function checkRequest(request: DataRequest, limits: RequestLimits): void {
  checkParameters(request, limits)
  const { data } = request
  // a document takes at least two bytes
  if (data !== undefined && data.length <= 2 * limits.documents) return
  if (request.peekDocCount(limits.documents) <= limits.documents) return
  throw new MillraceError(
    'INVALID_INPUT',
    `This request has more than the ${limits.documents} documents that are allowed (requestLimits.documents of the Flow). Send them in several requests, or raise the limit.`,
  )
}

/** Throws as `checkRequest` does. */
function checkParameters(
  { parameterBytes }: Pick<DataRequest, 'parameterBytes'>,
  limits: RequestLimits,
): void {
  if (parameterBytes === undefined || parameterBytes.length === 0) return
  const { parameterBytes: bytes, parameterValues: values, parameterDepth: depth } = limits
  checkStruct(parameterBytes, { bytes, values, depth })
}
