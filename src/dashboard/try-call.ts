import type { BaseClient } from '../client-core/base-client.js'
import { responseText } from '../client/response-text.js'
import { Document } from '../document/index.js'
import { documentText } from '../document/json-text.js'
import { MillraceError } from '../errors.js'
import type { Tried } from './watched.js'

/** Milliseconds that a request of the page may take. */
const timeoutMs = 60_000

/** A stream is shown up to this many documents. */
const mostDocuments = 1000

/** Sends a request of the page; resolves with the answer as JSON text. @throws INVALID_INPUT, and what clients throw */
export async function tryCall(
  client: Pick<BaseClient, 'post' | 'streamDoc'>,
  { endpoint, documents: given, parameters, isStream }: Tried,
): Promise<string> {
  const documents = [given].flat().map(documentOf)
  const options = { parameters, timeoutMs }
  if (!isStream) {
    const responses = await client.post(endpoint, documents, { ...options, returnResponses: true })
    return responses.length === 1 ? responseText(responses[0]!) : `[${responses.map(responseText).join(',')}]`
  }
  const [only, ...more] = documents
  if (only === undefined || more.length > 0)
    throw new MillraceError(
      'INVALID_INPUT',
      `A stream begins with one document, and there are ${documents.length}.`,
    )
  const texts: string[] = []
  for await (const document of client.streamDoc(endpoint, only, options)) {
    texts.push(documentText(document))
    if (texts.length === mostDocuments) break
  }
  return `[${texts.join(',')}]`
}

function documentOf(value: unknown, index: number): Document {
  if (typeof value === 'string') return new Document({ text: value })
  try {
    return Document.fromJSON(value)
  } catch (error) {
    throw new MillraceError('INVALID_INPUT', `Document ${index}: ${MillraceError.from(error).message}`)
  }
}
