import type { DocArrayVersion } from '../document/list-version.js'
import { Reader } from '../lib/protobuf/reader.js'
import { Writer } from '../lib/protobuf/writer.js'
import { documentSchema } from './document-schema.js'
import { addOccurrence, bytesOfField, type FieldBytes } from './message-field.js'
import { parseIdentity, type PodIdentity } from './identity.js'
import type { Ranking } from './lists/ranking.js'
import { decodeStruct, encodeStruct } from './struct.js'

/** What a pod tells a client that connects; Jina's `endpoint_discovery`. */
export interface Description {
  /** In Jina's order: `_jina_dry_run_`, `/default` when bound, and the endpoints. */
  readonly endpoints: readonly string[]
  readonly writeEndpoints: readonly string[]
  /** Endpoints whose handler is a generator, for `stream`. */
  readonly streamEndpoints: readonly string[]
  /** Jina's schema Struct by endpoint; an endpoint without one gets the schema of a plain document. */
  readonly schemas: Readonly<Record<string, unknown>>
  /** How its Executor ranks matches, if it states that. */
  readonly ranking?: Partial<Ranking>
  /** `metas.name` of its Executor; only sent between pods of Millrace. */
  readonly executor?: string
  /** Its identity; absent for peers that send none, such as Jina's. */
  readonly identity?: PodIdentity
  /** Name that Jina's Kubernetes export gives a peer without an identity: `indexer-1`; absent if it was started otherwise. */
  readonly jinaDeployment?: string
  /** The only format of documents that it speaks; absent for Millrace, which speaks both, and where it is not known. */
  readonly docarray?: DocArrayVersion
}

/** For a peer that cannot be asked; while no endpoints are known every request is sent (jina.md 4.4). */
export const unknownDescription: Description = {
  endpoints: [],
  writeEndpoints: [],
  streamEndpoints: [],
  schemas: {},
}

/** Field of EndpointsProto with the ranking as JSON; unknown to Jina, which skips it. */
const rankingField = 2047
const rankingTag = rankingField * 8 + 2

/** Field of EndpointsProto with the identity as JSON; unknown to Jina, which skips it. */
const identityField = 2046
const identityTag = identityField * 8 + 2

/**
 * EndpointsProto, the answer of `endpoint_discovery`. Every endpoint gets a schema: Jina's peers learn from it which kind of
 * documents is used (`PydanticDocument` is DocArray v1) and which endpoints stream.
 */
export function encodeDescription(description: Description): Uint8Array {
  const writer = new Writer(4096)
  for (const endpoint of description.endpoints) writer.string(1, endpoint)
  for (const endpoint of description.writeEndpoints) writer.string(2, endpoint)
  const mark = writer.fork(3, 2048)
  encodeStruct(writer, schemasOf(description), 'schemas')
  writer.join(mark)
  if (description.ranking !== undefined) writer.string(rankingField, JSON.stringify(description.ranking))
  if (description.identity !== undefined) writer.string(identityField, JSON.stringify(description.identity))
  return writer.finish()
}

function schemasOf({ endpoints, streamEndpoints, schemas }: Description): Record<string, unknown> {
  const streams = new Set(streamEndpoints)
  const model = { name: 'PydanticDocument', model: documentSchema }
  return Object.fromEntries(
    endpoints.map((endpoint) => {
      const isGenerator = streams.has(endpoint)
      const generic = {
        input: model,
        output: model,
        is_generator: isGenerator,
        is_singleton_doc: isGenerator,
        parameters: {},
      }
      return [endpoint, Object.hasOwn(schemas, endpoint) ? schemas[endpoint] : generic]
    }),
  )
}

/** Throws MALFORMED. */
export function decodeDescription(bytes: Uint8Array): Description {
  const reader = new Reader(bytes)
  const endpoints: string[] = []
  const writeEndpoints: string[] = []
  let struct: FieldBytes
  let ranking: Partial<Ranking> | undefined
  let identity: PodIdentity | undefined
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 10) endpoints.push(reader.string())
    else if (tag === 18) writeEndpoints.push(reader.string())
    else if (tag === 26) struct = addOccurrence(struct, reader.bytes())
    else if (tag === rankingTag) ranking = parseRanking(reader.string())
    else if (tag === identityTag) identity = parseIdentity(reader.string())
    else reader.skip(tag)
  }
  const schemas = decodeStruct(bytesOfField(struct) ?? new Uint8Array())
  const streamEndpoints = endpoints.filter(
    (endpoint) => Object.hasOwn(schemas, endpoint) && isGenerator(schemas[endpoint]),
  )
  return {
    endpoints,
    writeEndpoints,
    streamEndpoints,
    schemas,
    ...(ranking !== undefined && { ranking }),
    ...(identity !== undefined && { identity }),
  }
}

/** Undefined for a value that is not a ranking. */
function parseRanking(text: string): Partial<Ranking> | undefined {
  try {
    const { limit, by, order } = JSON.parse(text) as Record<string, unknown>
    return {
      ...(typeof limit === 'number' && { limit }),
      ...(typeof by === 'string' && { by }),
      ...((order === 'ascending' || order === 'descending') && { order }),
    }
  } catch {
    return undefined
  }
}

function isGenerator(schema: unknown): boolean {
  return (
    typeof schema === 'object' && schema !== null && 'is_generator' in schema && schema.is_generator === true
  )
}
