import type { StagePlan } from '../plan/flow-plan.js'
import type { PodKind } from '../pods/index.js'

/** Where the pods of a stage run: an image in containers, also beside stages of other kinds. */
export function podKind({ source, runtime }: Pick<StagePlan, 'source' | 'runtime'>): PodKind {
  return source.kind === 'image' ? 'docker' : runtime
}
