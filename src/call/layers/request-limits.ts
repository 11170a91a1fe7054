import { checkRequest, type RequestLimits } from '../../wire/request-limits.js'
import type { Layer } from '../call.js'

/** Refuses a request that exceeds the limits with INVALID_INPUT, before any of it is decoded. */
export function requestLimits(limits: RequestLimits): Layer {
  return (next) => (request, call) => {
    try {
      checkRequest(request, limits)
    } catch (error) {
      return Promise.reject(error) // async would cost each request another turn
    }
    return next(request, call)
  }
}
