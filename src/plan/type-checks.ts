import type { DocClass } from '../document/typed/index.js'
import { fieldSchema, isRequired } from '../document/typed/json-schema.js'
import { MillraceError } from '../errors.js'
import type { Endpoint } from '../executor/endpoint.js'
import { defaultEndpoint, endpointsOf } from '../executor/endpoints.js'
import type { Uses } from './executor-settings.js'

/** What is compared of a stage. */
interface TypedStage {
  readonly name: string
  readonly needs: readonly string[]
  readonly uses: Uses | null
  readonly usesRequests: Readonly<Record<string, string>>
}

/** A stage whose documents another one gets. */
interface Producer {
  readonly stage: string
  readonly output: DocClass
}

/**
 * Checks, for each endpoint of a stage with typed input, that the stages before it give what it needs: each required field, with the
 * `type` that it has in JSON Schema (Jina compares these, jina.md 1.4), tensors also with their dtype and shape. Several branches
 * give the fields of their documents together. Stages that do not say what they give are not checked.
 *
 * @throws INVALID_OPTION, which names both stages and the field
 */
export function checkTypes(stages: readonly TypedStage[]): void {
  const named = new Map(stages.map((stage) => [stage.name, stage]))
  const known = new Map(stages.map((stage) => [stage.name, endpointsOfStage(stage)]))
  for (const stage of stages) {
    for (const [path, { types }] of known.get(stage.name) ?? []) {
      if (types?.input === undefined) continue
      const producers = producersOf(stage, path, { named, known })
      if (producers === undefined || producers.length === 0) continue
      checkFields(producers, { stage: stage.name, input: types.input, path })
    }
  }
}

type Endpoints = ReadonlyMap<string, Endpoint>

/** Undefined for a stage whose class is not known here. */
function endpointsOfStage({ uses, usesRequests }: TypedStage): Endpoints | undefined {
  if (uses === null) return new Map()
  return typeof uses === 'function' ? endpointsOf(uses, usesRequests) : undefined
}

interface Graph {
  readonly named: ReadonlyMap<string, TypedStage>
  readonly known: ReadonlyMap<string, Endpoints | undefined>
}

/** The stages whose documents the stage gets at an endpoint; undefined where one of them is not typed. */
function producersOf(stage: TypedStage, path: string, graph: Graph): readonly Producer[] | undefined {
  const found: Producer[] = []
  for (const name of stage.needs) {
    const before = graph.named.get(name)
    if (before === undefined) return undefined // what clients send
    const endpoints = graph.known.get(name)
    if (endpoints === undefined) return undefined
    const endpoint = endpoints.get(path) ?? endpoints.get(defaultEndpoint)
    if (endpoint === undefined) {
      const passed = producersOf(before, path, graph)
      if (passed === undefined) return undefined
      found.push(...passed)
    } else if (endpoint.types?.output === undefined) return undefined
    else found.push({ stage: name, output: endpoint.types.output })
  }
  return found
}

interface Consumer {
  readonly stage: string
  readonly input: DocClass
  readonly path: string
}

function checkFields(producers: readonly Producer[], { stage, input, path }: Consumer): void {
  for (const [name, field] of Object.entries(input.fields)) {
    const given = producers.filter(({ output }) => Object.hasOwn(output.fields, name))
    if (given.length === 0 && isRequired(field, 'input')) {
      const names = producers.map((one) => `'${one.stage}'`).join(' and ')
      const fields = [...new Set(producers.flatMap(({ output }) => Object.keys(output.fields)))].join(', ')
      throw new MillraceError(
        'INVALID_OPTION',
        `stage '${stage}' needs the field '${name}' at ${path}, and ${names} before it gives only id, ${fields}. Add '${name}' to the output there, or make it optional here.`,
      )
    }
    for (const { stage: before, output } of given) {
      const from = shapeOf(fieldSchema(output.fields[name]!, 'output'))
      const to = shapeOf(fieldSchema(field, 'input'))
      if (fits(from, to)) continue
      throw new MillraceError(
        'INVALID_OPTION',
        `stage '${stage}' takes '${name}' as ${textOf(to)} at ${path}, and '${before}' before it gives '${name}' as ${textOf(from)}. Change one of the two.`,
      )
    }
  }
}

/** What is compared of a field. */
interface FieldShape {
  readonly type: unknown
  readonly tensor: { readonly dtype: string; readonly shape: readonly (number | null)[] | null } | undefined
}

function shapeOf(schema: Readonly<Record<string, unknown>>): FieldShape {
  return { type: schema.type, tensor: schema['x-tensor'] as FieldShape['tensor'] }
}

function fits(from: FieldShape, to: FieldShape): boolean {
  if (from.type === undefined || to.type === undefined) return true
  if (from.type !== to.type && !(from.type === 'integer' && to.type === 'number')) return false
  const { tensor: given } = from
  const { tensor: wanted } = to
  if (given === undefined || wanted === undefined) return true
  if (given.dtype !== wanted.dtype) return false
  if (given.shape === null || wanted.shape === null) return true
  return (
    given.shape.length === wanted.shape.length &&
    given.shape.every((length, at) => {
      const other = wanted.shape![at]
      return length === null || other === null || length === other
    })
  )
}

function textOf({ type, tensor }: FieldShape): string {
  if (tensor === undefined) return String(type)
  const { dtype, shape } = tensor
  return shape === null ? dtype : `${dtype} [${shape.map((length) => length ?? 'any').join(', ')}]`
}
