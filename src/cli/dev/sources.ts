import { fileURLToPath } from 'node:url'
import type { FlowPlan, StagePlan } from '../../plan/flow-plan.js'
import { namedFiles } from './named-files.js'

/** The files of a running Flow. Paths are absolute. */
export interface Sources {
  /** Those whose change restarts the whole Flow. */
  readonly flow: ReadonlySet<string>
  /** Those whose change replaces the replicas of a stage, by its name. */
  readonly stages: ReadonlyMap<string, ReadonlySet<string>>
}

/**
 * The files of a Flow and of its stages.
 *
 * @param plan null when only its own files are known: then each of them restarts it
 */
export function sourcesOf(file: string, plan: FlowPlan | null): Sources {
  const stages = new Map(
    (plan?.stages ?? [])
      .map((stage) => [stage.name, modulesOf(stage).filter((module) => module !== file)] as const)
      .filter(([, modules]) => modules.length > 0)
      .map(([name, modules]) => [name, new Set(modules.flatMap((module) => [...namedFiles(module)]))]),
  )
  const modules = new Set((plan?.stages ?? []).filter(({ name }) => stages.has(name)).flatMap(modulesOf))
  return { flow: namedFiles(file, modules), stages }
}

/** The modules that each new replica loads. Replicas on the Flow's own thread have loaded theirs for good. */
function modulesOf({ source, runtime }: StagePlan): readonly string[] {
  if (source.kind === 'python') return source.files
  if (source.kind !== 'module' || (runtime !== 'process' && runtime !== 'thread')) return []
  return [...source.otherUrls, source.url]
    .filter((url) => url.startsWith('file:') && !url.includes('/node_modules/'))
    .map((url) => fileURLToPath(url))
}
