import type { ContainerFacts } from '../docker-engine/container.js'
import { connectEngine } from '../docker-engine/engine.js'
import { labelNames } from '../docker-engine/labels.js'
import { listOrphans, removeOrphans } from '../pods/docker/orphans.js'
import { table } from './table.js'
import type { Terminal } from './terminal.js'

export interface OrphansOptions {
  readonly remove: boolean
  readonly json: boolean
}

/** Lists and removes containers whose program has exited without removing them. */
export async function orphans({ remove, json }: OrphansOptions, terminal: Terminal): Promise<void> {
  const engine = await connectEngine()
  const found = await (remove ? removeOrphans(engine) : listOrphans(engine))
  if (json) terminal.out(`${JSON.stringify(found.map(asJson), null, 2)}\n`)
  else if (found.length === 0) terminal.out('There is no container without its program.\n')
  else {
    const rows = found
      .map(asJson)
      .map(({ container, flow, pod, state, pid }) => [container, flow, pod, state, pid])
    const advice = remove
      ? 'Removed.'
      : "'millrace ps --orphans --remove' removes them; so does the next start of a Flow."
    terminal.out(
      `${table([['CONTAINER', 'FLOW', 'POD', 'STATE', 'PID OF ITS PROGRAM'], ...rows]).join('\n')}\n${advice}\n`,
    )
  }
}

function asJson({
  name,
  labels,
  state,
  image,
}: ContainerFacts): Record<'container' | 'flow' | 'pod' | 'state' | 'pid' | 'image', string> {
  return {
    container: name,
    flow: labels[labelNames.flow] ?? '',
    pod: labels[labelNames.pod] ?? '',
    state,
    image,
    pid: labels[labelNames.ownerPid] ?? '',
  }
}
