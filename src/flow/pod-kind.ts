import type { StagePlan } from '../plan/flow-plan.js'
import type { PodKind } from '../pods/index.js'

/** Kind of a stage's pods: containers for an image, Python for its Executors, else the stage's runtime. */
export function podKind({ source, runtime }: Pick<StagePlan, 'source' | 'runtime'>): PodKind {
  if (source.kind === 'python') return 'python'
  return source.kind === 'image' ? 'docker' : runtime
}
