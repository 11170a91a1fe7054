import { Components } from './components.js'
import { pointer, rebased } from '../../../../document/typed/json-pointer.js'
import type { Description } from '../../../../call/call.js'
import { type JsonObject, typedEndpoint, typesKey } from '../../../../wire/endpoint-schema.js'
import type { Parts } from './parts.js'
import { dryRunEndpoint } from '../../../readiness.js'
import { ref, type Schema } from './schema.js'

/** Schemas of `components.schemas` that typed endpoints need, and the parts of their bodies. */
export interface TypedSchemas {
  readonly components: Readonly<Record<string, Schema>>
  /** By endpoint; endpoints that are not typed have none. */
  readonly parts: ReadonlyMap<string, Parts>
  /** Of every endpoint the models of what is typed of its input, output and parameters, with the fields by their names. */
  readonly models: Readonly<Record<string, Schema>>
}

/** The schemas of typed endpoints; `taken` are names that components have already. */
export function typedSchemas({ schemas, endpoints }: Description, taken: Iterable<string>): TypedSchemas {
  const components = new Components(taken)
  const models: Record<string, Schema> = Object.fromEntries(
    endpoints.filter((endpoint) => endpoint !== dryRunEndpoint).map((endpoint) => [endpoint, {}]),
  )
  const parts = new Map<string, Parts>()
  for (const [endpoint, schema] of Object.entries(schemas)) {
    const types = typedEndpoint(schema)
    if (types === undefined) continue
    const { input, output, parameters } = types
    const document = (given: typeof input, side: string): Schema =>
      given === undefined
        ? ref('Document')
        : components.add({ name: given.name, side }, (at) => typedDocument(given.v1, at))
    parts.set(endpoint, {
      input: document(input, 'input'),
      output: document(output, 'output'),
      parameters:
        parameters === undefined
          ? ref('Parameters')
          : components.add({ name: parameters.name, side: 'parameters' }, (at) =>
              rebased(parameters.model, at),
            ),
      needsParameters: isNonEmptyList(parameters?.model['required']),
      isTyped: true,
    })
    const at = pointer(`#/${typesKey}`, endpoint)
    models[endpoint] = Object.fromEntries(
      Object.entries(types)
        .filter(([, given]) => given !== undefined)
        .map(([name, { model }]: [string, { model: JsonObject }]) => [
          name,
          rebased(model, pointer(at, name)),
        ]),
    )
  }
  return { components: components.all, parts, models }
}

/** A Document whose fields also have these types. */
function typedDocument({ title, description, ...places }: JsonObject, at: string): Schema {
  return {
    title,
    ...(description !== undefined && { description }),
    allOf: [ref('Document'), rebased(places, `${at}/allOf/1`)],
  }
}

/** Whether a schema of parameters has required ones. */
export function isNonEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0
}
