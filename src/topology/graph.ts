import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'

/** The name that a stage needs when it gets the requests as clients sent them. */
export const entry = 'gateway'

/** A stage and its edges, by name. */
export interface Node {
  readonly name: string
  /** The stages whose answers it gets; several are a join. Their order is the order in which answers count. */
  readonly needs: readonly string[]
  /** The answer to the client does not wait for it. Default false. */
  readonly floating?: boolean
}

/** The stages in the order of their edges, or the first stage whose edge is invalid. */
export type Ordered<S extends Node> =
  | { readonly kind: 'ordered'; readonly stages: readonly S[] }
  | { readonly kind: 'broken'; readonly at: S; readonly error: MillraceError }

/** Orders stages so that each follows the stages that it needs, and otherwise as they are listed (depth first). O(stages + edges). */
export function order<S extends Node>(stages: readonly S[]): Ordered<S> {
  const named = new Map(stages.map((stage) => [stage.name, stage]))
  const placed = new Set<S>()
  const path = new Set<S>()
  const place = (stage: S): Ordered<S> | undefined => {
    if (placed.has(stage)) return undefined
    const wrong = wrongNeeds(stage, named)
    if (wrong !== undefined) return { kind: 'broken', at: stage, error: wrong }
    path.add(stage)
    for (const name of stage.needs) {
      const need = named.get(name)
      if (need === undefined) continue
      if (path.has(need)) return { kind: 'broken', at: need, error: circles(need, [...path]) }
      const broken = place(need)
      if (broken !== undefined) return broken
    }
    path.delete(stage)
    placed.add(stage)
    return undefined
  }
  for (const stage of stages) {
    const broken = place(stage)
    if (broken !== undefined) return broken
  }
  return { kind: 'ordered', stages: [...placed] }
}

/**
 * The stages in an order in which each follows the stages that it needs.
 *
 * @throws INVALID_OPTION for names that no stage has, names said twice, circles, and a stage without needs; it names stage and edge
 */
export function inOrder<S extends Node>(stages: readonly S[]): readonly S[] {
  const ordered = order(stages)
  if (ordered.kind === 'broken') throw ordered.error
  return ordered.stages
}

/** The stage whose answer the client gets: the last one that is not floating (jina.md 1.4). Undefined when all are floating. */
export function lastOf<S extends Node>(ordered: readonly S[]): S | undefined {
  return ordered.findLast(({ floating }) => floating !== true)
}

/**
 * The needs of each stage that must be written down, by name: those of the others are what a stage has without any, the stage
 * before it that is not floating, or the gateway.
 */
export function writtenNeeds(ordered: readonly Node[]): ReadonlyMap<string, readonly string[]> {
  let before = entry
  const written = new Map<string, readonly string[]>()
  for (const { name, needs, floating } of ordered) {
    if (needs.length > 1 || needs[0] !== before) written.set(name, needs)
    if (floating !== true) before = name
  }
  return written
}

/** The stages, in their order, that no other stage needs and that are not floating: what `needsAll()` joins. */
export function endsOf<S extends Node>(ordered: readonly S[]): readonly S[] {
  const needed = new Set(ordered.flatMap(({ needs }) => needs))
  return ordered.filter(({ name, floating }) => floating !== true && !needed.has(name))
}

/** The stages that the answer to the client waits for: the last one, and every stage that it needs, also through others. */
export function awaitedIn<S extends Node>(ordered: readonly S[]): ReadonlySet<S> {
  const last = lastOf(ordered)
  if (last === undefined) return new Set()
  const awaited = new Set<S>([last])
  const names = new Set(last.needs)
  for (const stage of ordered.toReversed()) {
    if (!names.has(stage.name)) continue
    awaited.add(stage)
    for (const need of stage.needs) names.add(need)
  }
  return awaited
}

/** Ends that are not floating and whose answers nobody gets (Jina's "hanging" deployments); they run as if they were floating. */
export function hangingIn<S extends Node>(ordered: readonly S[]): readonly S[] {
  const last = lastOf(ordered)
  return endsOf(ordered).filter((stage) => stage !== last)
}

/** Whether each stage follows one other stage or the gateway, and no two follow the same. */
export function isChain(ordered: readonly Node[]): boolean {
  return ordered.every(
    ({ needs, floating }, index) =>
      floating !== true && needs.length === 1 && needs[0] === (ordered[index - 1]?.name ?? entry),
  )
}

function wrongNeeds<S extends Node>(stage: S, named: ReadonlyMap<string, S>): MillraceError | undefined {
  const { name, needs } = stage
  if (needs.length === 0) {
    return invalid(`stage '${name}' needs no stage. Say needs: '${entry}', or the name of a stage.`)
  }
  const unknown = needs.find((need) => need !== entry && !named.has(need))
  if (unknown !== undefined) return unknownNeed(stage, unknown, [...named.keys()])
  const twice = needs.find((need, index) => needs.indexOf(need) !== index)
  if (twice !== undefined) return invalid(`stage '${name}': needs names '${twice}' twice. Name it once.`)
  return undefined
}

function unknownNeed({ name }: Node, need: string, names: readonly string[]): MillraceError {
  const others = names.filter((other) => other !== name)
  const meant = nearest(need, others)
  const known = others.length === 0 ? '' : ` There are: ${others.map(quoted).join(', ')}.`
  const advice = meant === undefined ? known : ` Did you mean '${meant}'?`
  return invalid(`stage '${name}': needs names '${need}', and there is no such stage.${advice}`)
}

/** `path` ends with the stage that needs `first`, which is in it. */
function circles(first: Node, path: readonly Node[]): MillraceError {
  const circle = path.slice(path.indexOf(first)).map(({ name }) => name)
  const edges = [...circle, first.name].map(quoted).join(' needs ')
  return invalid(
    `stage '${first.name}': its needs go in a circle: ${edges}. One of them has to need '${entry}', or another stage.`,
  )
}

function quoted(name: string): string {
  return `'${name}'`
}

function invalid(message: string): MillraceError {
  return new MillraceError('INVALID_OPTION', message)
}
