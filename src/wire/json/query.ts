import { MillraceError } from '../../errors.js'
import { parseJson } from './parse.js'

/** Fields of a document, and of the request, that are texts; others are JSON in a query. */
const texts: ReadonlySet<string> = new Set([
  'id',
  'parent_id',
  'text',
  'blob',
  'uri',
  'mime_type',
  'modality',
  'targetExecutor',
  'target_executor',
])

/** Members of a request besides its document. */
const ofRequest: ReadonlySet<string> = new Set(['parameters', 'targetExecutor', 'target_executor'])

/**
 * The body that a GET stands for. Its query has the fields of the document: texts as they are, others as JSON; besides
 * `parameters`, an object, and `targetExecutor`. A body, as Jina's client sends it, is the document, unless it has `data`.
 * Throws INVALID_INPUT.
 */
export function bodyOfGet(parsed: unknown, query: string): unknown {
  if (parsed !== undefined) return isDocument(parsed) ? { data: parsed } : parsed
  const entries = [...new URLSearchParams(query)].map(
    ([name, value]) => [name, texts.has(name) ? value : jsonOf(name, value)] as const,
  )
  const document = Object.fromEntries(entries.filter(([name]) => !ofRequest.has(name)))
  return { ...Object.fromEntries(entries.filter(([name]) => ofRequest.has(name))), data: document }
}

function isDocument(parsed: unknown): boolean {
  return (
    typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) && !Object.hasOwn(parsed, 'data')
  )
}

function jsonOf(name: string, value: string): unknown {
  try {
    return parseJson(new TextEncoder().encode(value))
  } catch {
    const shown = value.length > 60 ? `${value.slice(0, 60)}…` : value
    throw new MillraceError(
      'INVALID_INPUT',
      `${name} in the query must be JSON, such as 0.5 or {"a":1}, not ${shown}.`,
      { notRun: true },
    )
  }
}
