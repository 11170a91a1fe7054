import { Document } from '../document/index.js'
import { documentByName, fieldsByName } from '../document/typed/by-name.js'
import type { DocumentForm } from './base-client.js'

/** Documents of a typed client: plain objects with the fields of their types, by name. The types of the client say so. */
export const plainObjects: DocumentForm = {
  inputs: typedInputs,
  input: typedInput,
  documents: (documents) => documents.map(fieldsByName) as unknown as typeof documents,
  async *stream(documents) {
    for await (const document of documents) yield fieldsByName(document) as unknown as Document
  },
}

function typedInputs(inputs: unknown): unknown {
  if (typeof inputs === 'function') return async () => typedInputs(await inputs())
  if (typeof inputs !== 'object' || inputs === null || inputs instanceof Document) return inputs
  if (Array.isArray(inputs)) return inputs.map(typedInput)
  if (Symbol.asyncIterator in inputs) return ofAsync(inputs as AsyncIterable<unknown>)
  if (Symbol.iterator in inputs) return ofIterable(inputs as Iterable<unknown>)
  return typedInput(inputs)
}

/** Other values, such as texts, are left to the untyped client. */
function typedInput(input: unknown): unknown {
  const isObject = typeof input === 'object' && input !== null && !ArrayBuffer.isView(input)
  return isObject && !Array.isArray(input) ? documentByName(input as Record<string, unknown>) : input
}

function* ofIterable(inputs: Iterable<unknown>): Generator {
  for (const input of inputs) yield typedInput(input)
}

async function* ofAsync(inputs: AsyncIterable<unknown>): AsyncGenerator {
  for await (const input of inputs) yield typedInput(input)
}
