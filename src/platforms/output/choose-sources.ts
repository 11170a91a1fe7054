import { MillraceError } from '../../errors.js'
import { nearest } from '../../lib/nearest.js'
import type { OutputSource } from './source.js'

/** Under which name the output of gateways is asked for. */
const gateway = 'gateway'

/**
 * The containers that a name means: a stage, a shard (`indexer/shard-1`), a pod as `millrace ps` names it, or `gateway`; null
 * means all.
 */
export function chooseSources(sources: readonly OutputSource[], of: string | null): readonly OutputSource[] {
  if (of === null) return sources
  return sources.filter((source) => source.name === of || groupsOf(source).includes(of))
}

/** @throws NOT_FOUND when the name means no container */
export function checkChoice(sources: readonly OutputSource[], of: string | null): void {
  if (of === null || chooseSources(sources, of).length > 0) return
  const groups = [...new Set(sources.flatMap(groupsOf))]
  const hint = nearest(of, [...groups, ...sources.map(({ name }) => name)])
  const advice =
    hint === undefined
      ? `There are ${groups.filter((group) => !group.includes('/')).join(', ')}, and the pods that 'millrace ps' names.`
      : `Did you mean '${hint}'?`
  throw new MillraceError('NOT_FOUND', `No container belongs to ${JSON.stringify(of)}. ${advice}`)
}

function groupsOf({ stage, shard }: OutputSource): readonly string[] {
  return stage === null ? [gateway] : [stage, `${stage}/shard-${shard}`]
}
