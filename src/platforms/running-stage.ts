import type { StagePlan } from '../plan/flow-plan.js'

/** Turns a stage that is external in the gateway's configuration into one of the Flow's own, running in containers. */
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
