import { shownCounts } from '../control/counts.js'
import type { FlowStatus, PodState, PodStatus, StageStatus } from '../control/status.js'
import { shownProtocol } from '../plan/listeners.js'
import { duration } from '../lib/duration.js'
import { renderBatches } from './render-batches.js'
import { type Cell, table } from './table.js'
import { type Colour, oneLine, paint } from './terminal.js'

/** A Flow and its status, or the error of asking for it. */
export type Asked =
  | { readonly state: 'answered'; readonly status: FlowStatus }
  | { readonly state: 'failed'; readonly label: string; readonly reason: string }

/** The Flows that answered. */
export function statusesOf(flows: readonly Asked[]): readonly FlowStatus[] {
  return flows.flatMap((flow) => (flow.state === 'answered' ? [flow.status] : []))
}

const columns = [
  'STAGE, POD',
  'STATE',
  'PID',
  'IN FLIGHT',
  'LATENCY',
  'ANSWERED',
  'FAILED',
  'RESTARTS',
  'SINCE',
]
const right = new Set([2, 3, 4, 5, 6, 7, 8])

const podColours: Readonly<Record<PodState, Colour>> = {
  ready: 'green',
  starting: 'yellow',
  probing: 'yellow',
  draining: 'yellow',
  backoff: 'yellow',
  ejected: 'red',
  silent: 'red',
  lost: 'red',
}

/** Renders Flows as tables: one row per stage and one per pod. */
export function renderFlows(flows: readonly Asked[], colour: boolean): string {
  const tint = (text: string, name: Colour): string => (colour ? paint(text, name) : text)
  return flows
    .map((flow) =>
      flow.state === 'failed'
        ? tint(oneLine(`${flow.label}: ${flow.reason}`), 'red')
        : renderFlow(flow.status, tint),
    )
    .join('\n\n')
}

type Tint = (text: string, name: Colour) => string

function renderFlow(flow: FlowStatus, tint: Tint): string {
  const { name, on, namespace, pid, port, listeners, refusedByRate = 0, stages } = flow
  const head = columns.map((text) => ({ text, paint: (plain: string) => tint(plain, 'grey') }))
  const blocks = stages.map((stage, index) => ({
    stage,
    rows: [stageRow(stage, stages[index - 1]?.name ?? 'gateway', tint), ...podRows(stage, tint)],
  }))
  const lines = table([head, ...blocks.flatMap(({ rows }) => rows)], right)
  const where = [
    on !== 'localhost' && `on ${on}`,
    namespace !== undefined && `namespace ${oneLine(namespace)}`,
    pid !== null && `pid ${pid}`,
    port !== null && portsOf(port, listeners),
    refusedByRate > 0 && `${refusedByRate} refused by rateLimit`,
  ]
  const title = [tint(oneLine(name), 'bold'), ...where.filter((part) => part !== false)].join('  ')
  let next = 1
  return [
    title,
    lines[0]!,
    ...blocks.flatMap(({ stage, rows }) => [
      ...lines.slice(next, (next += rows.length)),
      ...renderBatches(stage.pods),
      ...(stage.degraded === null ? [] : [tint(`  degraded: ${oneLine(stage.degraded)}`, 'red')]),
    ]),
  ].join('\n')
}

/** The gateway's ports, with their protocols when there are several. A Flow of an older Millrace does not list them. */
function portsOf(port: number, listeners: FlowStatus['listeners'] = []): string {
  const [first, ...more] = listeners
  if (more.length === 0) return `port ${port}${first?.tls === true ? ` (${oneLine(schemesOf(first))})` : ''}`
  return `ports ${listeners.map((each) => `${each.port} (${oneLine(schemesOf(each))})`).join(', ')}`
}

function schemesOf({ protocols, tls = false }: FlowStatus['listeners'][number]): string {
  return protocols.map((name) => shownProtocol(name, tls)).join(', ')
}

/** `before`: name of the stage listed before; other needs are shown. */
function stageRow({ name, ...stage }: StageStatus, before: string, tint: Tint): (string | Cell)[] {
  const { needs } = stage
  const edge = needs.length === 1 && needs[0] === before ? '' : ` ← ${needs.join(', ')}`
  const counted = shownCounts(stage)
    .map(([counter, count]) => `, ${count} ${counter}`)
    .join('')
  const whole = stage.ready >= stage.replicas && stage.degraded === null
  const shards = stage.shards.length > 1 ? `, ${stage.shards.length} shards` : ''
  const state =
    stage.runtime === 'pass-through' ? 'passes through' : `${stage.ready} of ${stage.replicas} ready${shards}`
  const paintState = (text: string): string => (whole ? text : tint(text, 'yellow'))
  return [oneLine(`${name}${edge}`), { text: `${state}${counted}`, paint: paintState }]
}

function podRows({ pods }: StageStatus, tint: Tint): (string | Cell)[][] {
  return pods.map((pod: PodStatus) => [
    `  ${oneLine(pod.name)}`,
    { text: oneLine(pod.state), paint: (text) => tint(text, podColours[pod.state] ?? 'yellow') },
    pod.pid === null ? '–' : String(pod.pid),
    String(pod.inFlight),
    pod.latencyMs === null ? '–' : duration(pod.latencyMs),
    pod.answered === null ? '–' : String(pod.answered),
    pod.failed === null ? '–' : String(pod.failed),
    String(pod.restarts),
    duration(pod.sinceMs),
  ])
}
