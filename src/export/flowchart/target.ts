import type { FlowPlan, StagePlan } from '../../plan/flow-plan.js'
import type { OptionTable } from '../../plan/option.js'
import { flag } from '../../plan/option-kinds.js'
import { awaitedIn, entry, inOrder, lastOf } from '../../topology/graph.js'
import type { ExportTarget } from '../target.js'

export interface FlowchartOptions {
  /** Draw from top to bottom instead of left to right. Default false. */
  readonly vertical: boolean
}

const options: OptionTable<FlowchartOptions> = { vertical: flag(false) }

/** A Mermaid diagram of the Flow in a Markdown file, as GitHub renders it. */
export const flowchart: ExportTarget<FlowPlan, FlowchartOptions> = {
  options,
  async render({ stages }, { vertical }) {
    const ids = new Map([[entry, entry], ...stages.map(({ name }, index) => [name, `s${index}`] as const)])
    const ordered = inOrder(stages)
    const awaited = awaitedIn(ordered)
    const end = lastOf(ordered)?.name ?? entry
    // the answer does not wait for what dotted arrows lead to
    const edges = stages.flatMap((stage) =>
      stage.needs.map(
        (need) => `${ids.get(need)} ${awaited.has(stage) ? '-->' : '-.->'} ${ids.get(stage.name)}`,
      ),
    )
    const lines = [
      `flowchart ${vertical ? 'TB' : 'LR'}`,
      '  gateway(["gateway"])',
      ...stages.map((stage, index) => `  s${index}${shape(stage)}`),
      '  end_(["gateway"])',
      ...edges.map((edge) => `  ${edge}`),
      `  ${ids.get(end)} --> end_`,
    ]
    return [{ path: 'flow.mmd', text: `${lines.join('\n')}\n` }]
  },
}

function shape(stage: StagePlan): string {
  const label = [stage.name, what(stage), counts(stage)]
    .filter((line) => line !== '')
    .map(escaped)
    .join('<br/>')
  return stage.external.length > 0 ? `[["${label}"]]` : `["${label}"]`
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

/** Escapes Mermaid's special characters. */
function escaped(text: string): string {
  return text.replaceAll(/["<>#;&]/g, (character) => `#${character.codePointAt(0)};`)
}
