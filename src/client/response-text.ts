import type { Response } from '../client-core/response.js'
import { documentsText, valueText } from '../document/json-text.js'

/** A response as JSON text, as Jina's HTTP gateway tells it, without what only servers need. */
export function responseText({ requestId, parameters, routes, docs }: Response): string {
  const times = routes.map(({ executor, startTime, endTime }) => ({
    executor,
    startTime: startTime?.toISOString(),
    endTime: endTime?.toISOString(),
  }))
  const head = valueText({ requestId, parameters, routes: times })
  return `${head.slice(0, -1)},"docs":${documentsText(docs)}}`
}
