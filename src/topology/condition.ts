import type { Call } from '../call/call.js'
import { Document, type Filter } from '../document/index.js'
import { compileFilterOf, type FilterSubject } from '../document/filter.js'
import type { DocArrayVersion } from '../document/list-version.js'
import { fieldAt } from '../document/typed/by-name.js'
import { decodeDoc, readDocuments } from '../document/v2/index.js'
import { inSlices } from '../lib/slices.js'
import type { DataRequest } from '../wire/data-request.js'
import { splitDocuments } from '../wire/lists/split.js'

/** What a request must fulfil before it reaches a stage; plain data. Null: anything. */
export interface ConditionSpec {
  /** Documents that do not pass are left out. Fields are by name, as in typed documents and those of v2 (`fieldAt`). */
  readonly docs: Filter | null
  /** A request whose parameters (those for the stage) do not pass reaches the stage without documents. */
  readonly parameters: Filter | null
  /** The same of the headers of its caller, by their lower-case names. */
  readonly headers: Filter | null
}

/** A compiled `ConditionSpec`. */
export interface Condition {
  /** Whether a request with these parameters and headers may have documents for the stage. */
  admits(request: DataRequest, call: Call): boolean
  /** The request with the documents that pass; undefined when it has some and none of them passes. */
  keep(request: DataRequest, call: Call): Promise<DataRequest | undefined>
}

/**
 * `check` is called for each field of documents, and throws for one that they cannot have.
 *
 * @throws INVALID_INPUT for operators that do not exist and operands of a wrong type, and what `check` throws
 */
export function compileCondition(
  { docs, parameters, headers }: ConditionSpec,
  check: (path: string) => void = () => {},
): Condition {
  const ofDocument = docs === null ? undefined : compileFilterOf(docs, { valueAt: fieldAt, check })
  const ofParameters = parameters === null ? () => true : compileFilterOf(parameters, named)
  const ofHeaders = headers === null ? () => true : compileFilterOf(headers, caseless)
  return {
    admits: (request, call) =>
      ofHeaders(call.headers) && (parameters === null || ofParameters(request.readParameters())),
    async keep(request, call) {
      const { list } = request
      if (ofDocument === undefined || list === undefined || list.length === 0) return request
      const shardOf = (bytes: Uint8Array, version: DocArrayVersion | undefined): number =>
        ofDocument(documentOf(bytes, version)) ? 0 : 1
      const shares = await inSlices(splitDocuments(list, shardOf, 2), call)
      const kept = shares.find(({ shard }) => shard === 0)
      if (shares.length === 1 && kept !== undefined) return request
      return kept === undefined ? undefined : request.withList(kept.pieces)
    },
  }
}

/** A document of either format; of v2 the Document that an Executor would get. */
function documentOf(bytes: Uint8Array, version: DocArrayVersion | undefined): Document {
  if (version !== 'v2') return Document.fromProtobuf(bytes)
  return readDocuments([decodeDoc(bytes)], 'documents').at(0)!
}

/** Values by name; `__` reaches into objects. */
const named: FilterSubject<object> = {
  valueAt(subject, path) {
    let value: unknown = subject
    for (const key of path.split('__')) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
      value = (value as Record<string, unknown>)[key]
    }
    return value
  },
  exists: (value) => value !== undefined && value !== null,
}

/** Values by lower-case names. */
const caseless: FilterSubject<Readonly<Record<string, string>>> = {
  valueAt(subject, path) {
    const name = path.toLowerCase()
    return Object.hasOwn(subject, name) ? subject[name] : undefined
  },
  exists: (value) => value !== undefined,
}
