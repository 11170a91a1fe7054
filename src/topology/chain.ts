import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'

/** The name that the first stage needs: requests come from the gateway. */
export const entry = 'gateway'

/** A stage and its edges, by name. */
export interface Node {
  readonly name: string
  /** The stages whose answers it gets. */
  readonly needs: readonly string[]
}

/** The stages in the order of their edges, or the first stage whose edge is invalid. */
export type Chain<S extends Node> =
  | { readonly kind: 'chain'; readonly stages: readonly S[] }
  | { readonly kind: 'broken'; readonly at: S; readonly error: MillraceError }

/**
 * Follows the edges from the gateway to the last stage; the order of the list does not matter. This version supports chains
 * only: each stage needs one other stage or the gateway, and no two stages need the same one.
 */
export function chainOf<S extends Node>(stages: readonly S[]): Chain<S> {
  const names = new Set(stages.map(({ name }) => name))
  const followers = new Map<string, S>()
  for (const stage of stages) {
    const [need, ...others] = stage.needs
    const unknown = stage.needs.find((name) => name !== entry && !names.has(name))
    if (unknown !== undefined) return broken(stage, unknownNeed(stage, unknown, names))
    if (need === undefined || others.length > 0) return broken(stage, joins(stage))
    const other = followers.get(need)
    if (other !== undefined) return broken(stage, forks(stage, need, other))
    followers.set(need, stage)
  }
  const chain = new Set<S>()
  // stages with the same name would lead back to a visited stage
  for (let next = followers.get(entry); next !== undefined && !chain.has(next); ) {
    chain.add(next)
    next = followers.get(next.name)
  }
  // every stage has one edge, so one that cannot be reached from the gateway is part of a circle, or behind one
  const left = stages.find((stage) => !chain.has(stage))
  return left === undefined ? { kind: 'chain', stages: [...chain] } : broken(left, circles(left, stages))
}

/**
 * The stages in the order in which a request visits them.
 *
 * @throws UNSUPPORTED for forks and joins, INVALID_OPTION for names that no stage has and for circles; each names stage and edge
 */
export function inChain<S extends Node>(stages: readonly S[]): readonly S[] {
  const chain = chainOf(stages)
  if (chain.kind === 'broken') throw chain.error
  return chain.stages
}

function broken<S extends Node>(at: S, error: MillraceError): Chain<S> {
  return { kind: 'broken', at, error }
}

function unknownNeed({ name }: Node, need: string, names: ReadonlySet<string>): MillraceError {
  const others = [...names].filter((other) => other !== name)
  const meant = nearest(need, others)
  const known = others.length === 0 ? '' : ` There are: ${others.map(quoted).join(', ')}.`
  const advice = meant === undefined ? known : ` Did you mean '${meant}'?`
  return new MillraceError(
    'INVALID_OPTION',
    `stage '${name}': needs names '${need}', and there is no such stage.${advice}`,
  )
}

function joins({ name, needs }: Node): MillraceError {
  const what = needs.length === 0 ? 'no stage' : needs.map(quoted).join(' and ')
  return new MillraceError(
    'UNSUPPORTED',
    `stage '${name}' needs ${what}: stages run in a line in this version, so each needs one stage, or '${entry}'.`,
  )
}

function forks({ name }: Node, need: string, other: Node): MillraceError {
  return new MillraceError(
    'UNSUPPORTED',
    `stage '${name}' needs '${need}', and so does '${other.name}': stages run in a line in this version, so only one follows '${need}'. Say needs: '${other.name}', or leave needs out.`,
  )
}

function circles(first: Node, stages: readonly Node[]): MillraceError {
  const circle = [first.name]
  const needOf = (name: string): string | undefined => stages.find((stage) => stage.name === name)?.needs[0]
  for (let need = first.needs[0]; need !== undefined && !circle.includes(need); need = needOf(need)) {
    circle.push(need)
  }
  const edges = [...circle, first.name].map(quoted).join(' needs ')
  return new MillraceError(
    'INVALID_OPTION',
    `stage '${first.name}': its needs go in a circle: ${edges}. One of them has to need '${entry}', or another stage.`,
  )
}

function quoted(name: string): string {
  return `'${name}'`
}
