import type { FlowStatus, PodStatus } from '../../control/status.js'

/** Something that happened between two looks at a Flow. */
export interface FlowEvent {
  readonly subject: string
  readonly what: string
  /** What a replica printed before it ended, or why a stage is degraded. */
  readonly detail: string | null
  readonly isBad: boolean
}

const bad: ReadonlySet<PodStatus['state']> = new Set(['ejected', 'silent', 'lost', 'backoff'])

/** Compares two statuses of the same Flow. A replica that was restarted between them is told too. */
export function eventsBetween(before: FlowStatus, now: FlowStatus): readonly FlowEvent[] {
  if (before.pid !== now.pid) return [good(now.name, 'runs in another program now')]
  const stages = new Map(before.stages.map((stage) => [stage.name, stage]))
  return now.stages.flatMap((stage) => {
    const old = stages.get(stage.name)
    if (old === undefined) return [good(stage.name, 'is a new stage')]
    const scaled = old.replicas !== stage.replicas
    const { degraded } = stage
    return [
      ...(scaled ? [good(stage.name, `is scaled from ${old.replicas} to ${stage.replicas} replicas`)] : []),
      ...(degraded !== null && degraded !== old.degraded
        ? [{ subject: stage.name, what: 'is degraded', detail: degraded, isBad: true }]
        : []),
      ...podEvents(old.pods, stage.pods),
    ]
  })
}

function podEvents(before: readonly PodStatus[], now: readonly PodStatus[]): readonly FlowEvent[] {
  const old = new Map(before.map((pod) => [pod.name, pod]))
  const names = new Set(now.map(({ name }) => name))
  const gone = before.filter(({ name }) => !names.has(name)).map(({ name }) => good(name, 'has ended'))
  return [...gone, ...now.flatMap((pod) => podEvent(old.get(pod.name), pod))]
}

function podEvent(before: PodStatus | undefined, pod: PodStatus): readonly FlowEvent[] {
  const { name: subject, state, lastEnd: detail = null } = pod
  if (before === undefined) return [good(subject, `is new and ${state}`)]
  if (bad.has(state) && state !== before.state) {
    const what = state === 'backoff' ? 'has ended, and will be restarted' : `is ${state}`
    return [{ subject, what, detail: state === 'backoff' ? detail : null, isBad: true }]
  }
  // it ended and is back already
  if (pod.restarts > before.restarts && before.state !== 'backoff' && before.state !== 'starting')
    return [{ subject, what: `has ended, and is ${state} again`, detail, isBad: true }]
  return state === before.state ? [] : [good(subject, `is ${state}`)]
}

function good(subject: string, what: string): FlowEvent {
  return { subject, what, detail: null, isBad: false }
}
