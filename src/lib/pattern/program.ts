import type { MillraceError } from '../../errors.js'
import type { Test } from './characters.js'
import type { Assertion, Node } from './parse.js'

/** A step of a program; `next` and `nexts` are indices of steps. */
export type Step =
  | { readonly kind: 'char'; readonly test: Test; readonly next: number }
  | { readonly kind: 'assert'; readonly what: Assertion; readonly next: number }
  | { readonly kind: 'split'; readonly nexts: readonly number[] }
  | { readonly kind: 'match' }

export interface Program {
  readonly steps: readonly Step[]
  readonly first: number
}

/** Compiles a pattern by Thompson's construction. Throws the result of `refuse` when it has more than `maxSteps` steps. */
export function compile(
  node: Node,
  { maxSteps, refuse }: { readonly maxSteps: number; readonly refuse: () => MillraceError },
): Program {
  const steps: Step[] = [{ kind: 'match' }]
  const add = (step: Step): number => {
    if (steps.length > maxSteps) throw refuse()
    return steps.push(step) - 1
  }
  /** Links the steps back to front; returns the index of the first one. */
  const link = (part: Node, next: number): number => {
    switch (part.kind) {
      case 'char':
        return add({ kind: 'char', test: part.test, next })
      case 'assert':
        return add({ kind: 'assert', what: part.what, next })
      case 'sequence':
        return part.parts.reduceRight((after, one) => link(one, after), next)
      case 'choice':
        return add({ kind: 'split', nexts: part.branches.map((branch) => link(branch, next)) })
      case 'repeat':
        return repeat(part, next)
    }
  }
  const repeat = ({ part, min, max }: Node & { kind: 'repeat' }, next: number): number => {
    let first = next
    if (max === Number.POSITIVE_INFINITY) {
      const nexts = [next]
      first = add({ kind: 'split', nexts })
      nexts.push(link(part, first))
    } else {
      for (let count = min; count < max; count++) {
        first = add({ kind: 'split', nexts: [next, link(part, first)] })
      }
    }
    // an empty operand compiles to no step, so repeating it changes nothing
    for (let count = 0, before = -1; count < min && before !== first; count++) {
      before = first
      first = link(part, first)
    }
    return first
  }
  return { first: link(node, 0), steps }
}
