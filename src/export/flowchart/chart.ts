import type { FlowPlan, StagePlan } from '../../plan/flow-plan.js'
import { awaitedIn, entry, inOrder, lastOf } from '../../topology/graph.js'

/** A box of a flowchart. */
export interface Box {
  readonly id: string
  /** Rounded: where clients are. Double: a server that Millrace does not start. */
  readonly kind: 'gateway' | 'stage' | 'external'
  readonly lines: readonly string[]
}

/** An arrow between two boxes, by their ids. */
export interface Arrow {
  readonly from: string
  readonly to: string
  /** False if the answer to the client does not wait for it. */
  readonly isAwaited: boolean
  readonly label: '' | 'when'
}

/** A Flow as boxes and arrows: the gateway twice, where requests come from and where answers go. */
export interface Chart {
  readonly boxes: readonly Box[]
  readonly arrows: readonly Arrow[]
}

/** Boxes in the order of the stages; the gateways are the first and the last one. */
export function chartOf({ stages }: FlowPlan): Chart {
  const ids = new Map([[entry, entry], ...stages.map(({ name }, index) => [name, `s${index}`] as const)])
  const ordered = inOrder(stages)
  const awaited = awaitedIn(ordered)
  const last = lastOf(ordered)?.name ?? entry
  const arrows = stages.flatMap((stage) =>
    stage.needs.map(
      (need): Arrow => ({
        from: ids.get(need)!,
        to: ids.get(stage.name)!,
        isAwaited: awaited.has(stage),
        label: stage.when === null ? '' : 'when',
      }),
    ),
  )
  return {
    boxes: [
      { id: entry, kind: 'gateway', lines: [entry] },
      ...stages.map((stage) => boxOf(stage, ids.get(stage.name)!)),
      { id: 'end_', kind: 'gateway', lines: [entry] },
    ],
    arrows: [...arrows, { from: ids.get(last)!, to: 'end_', isAwaited: true, label: '' }],
  }
}

function boxOf(stage: StagePlan, id: string): Box {
  const lines = [stage.name, what(stage), counts(stage)].filter((line) => line !== '')
  return { id, kind: stage.external.length > 0 ? 'external' : 'stage', lines }
}

function what({ source, external }: StagePlan): string {
  if (external.length > 0) return 'external'
  switch (source.kind) {
    case 'pass-through':
      return 'passes through'
    case 'image':
      return source.image
    case 'class':
      return source.executorClass.name
    case 'python':
      return source.className
    case 'module':
      return source.className ?? source.executorClass?.name ?? ''
  }
}

function counts({ shards, replicas, autoscale }: StagePlan): string {
  const copies =
    autoscale === null ? times(replicas, 'replica') : `${autoscale.min} to ${autoscale.max} replicas`
  return [shards > 1 ? times(shards, 'shard') : '', copies === '1 replica' ? '' : copies]
    .filter(Boolean)
    .join(' × ')
}

function times(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
