import type { FlowPlan, StagePlan } from '../plan/flow-plan.js'

/** The stages of a plan in the language of Mermaid: `flowchart LR`, one box a stage. */
export function flowchart({ settings, stages }: FlowPlan): string {
  const boxes = [
    `  gateway([${quoted(`${settings.name}, ${settings.protocol.join(', ')}`)}])`,
    ...stages.map(box),
  ]
  const names = ['gateway', ...stages.map(idOf), 'gateway']
  return ['flowchart LR', ...boxes, `  ${names.join(' --> ')}`].join('\n')
}

function box(stage: StagePlan): string {
  const text = quoted([stage.name, ...sizeOf(stage)].join('<br/>'))
  return stage.external.length > 0 ? `  ${idOf(stage)}[[${text}]]` : `  ${idOf(stage)}[${text}]`
}

function sizeOf({ source, shards, replicas, autoscale, external }: StagePlan): readonly string[] {
  if (external.length > 0) return external.map(({ host, port }) => `${host}:${port}`)
  if (source.kind === 'pass-through') return ['passes documents on']
  const copies = autoscale === null ? String(replicas) : `${autoscale.min} to ${autoscale.max}`
  return [...(shards > 1 ? [`shards: ${shards}`] : []), `replicas: ${copies}`]
}

/** `end`, say, is a word of Mermaid. */
function idOf({ name }: StagePlan): string {
  return `stage_${name}`
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '#quot;')}"`
}
