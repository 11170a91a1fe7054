import type { StagePlan } from '../plan/flow-plan.js'

/** A stage that is external for its gateway, as the Flow's own that runs there in containers of an image. */
export function runningStage(
  stage: StagePlan,
  { image, replicas }: { readonly image: string; readonly replicas: number },
): StagePlan {
  return {
    ...stage,
    external: [],
    discover: 'static',
    host: null,
    port: null,
    source: { kind: 'image', image },
    replicas,
  }
}
