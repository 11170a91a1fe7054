import type { FlowStatus, StageStatus } from '../../control/status.js'
import { duration } from '../../lib/duration.js'
import type { Asked } from '../render-flows.js'
import { type Cell, table } from '../table.js'
import { type Colour, oneLine, paint } from '../terminal.js'
import { type PodRate, podKey } from '../../control/rates.js'

const columns = [
  'STAGE, POD',
  'READY',
  'REQUESTS/S',
  'FAILED/S',
  'IN FLIGHT',
  'WAITING',
  'LATENCY',
  'RESTARTS',
]
const right = new Set([2, 3, 4, 5, 6, 7])

/** Renders what Flows do now: a row for each stage with its sums, and below it its pods, the busiest first. */
export function renderTop(
  flows: readonly Asked[],
  rates: ReadonlyMap<string, PodRate>,
  colour: boolean,
): string {
  const tint = (text: string, name: Colour): string => (colour ? paint(text, name) : text)
  return flows
    .map((flow) => {
      if (flow.state === 'failed') return tint(oneLine(`${flow.label}: ${flow.reason}`), 'red')
      const { status } = flow
      const head = columns.map((text): Cell => ({ text, paint: (plain) => tint(plain, 'grey') }))
      const rows = status.stages.flatMap((stage) => stageRows(status, stage, rates, tint))
      return [titleOf(status, tint), ...table([head, ...rows], right)].join('\n')
    })
    .join('\n\n')
}

type Tint = (text: string, name: Colour) => string
type Row = readonly (string | Cell)[]

function titleOf({ name, on, namespace, pid, port }: FlowStatus, tint: Tint): string {
  const where = [
    ...(on === 'localhost' ? [] : [`on ${on}`]),
    ...(namespace === undefined ? [] : [`namespace ${oneLine(namespace)}`]),
    ...(pid === null ? [] : [`pid ${pid}`]),
    ...(port === null ? [] : [`port ${port}`]),
  ]
  return [tint(oneLine(name), 'bold'), ...where].join('  ')
}

function stageRows(
  flow: FlowStatus,
  stage: StageStatus,
  rates: ReadonlyMap<string, PodRate>,
  tint: Tint,
): readonly Row[] {
  const pods = stage.pods
    .map((pod) => ({ pod, rate: rates.get(podKey(flow, pod)) }))
    .toSorted((one, two) => (two.rate?.answeredPerSecond ?? 0) - (one.rate?.answeredPerSecond ?? 0))
  const known = pods.flatMap(({ rate }) => (rate === undefined ? [] : [rate]))
  const isLess = stage.ready < stage.replicas
  const ready: Cell = {
    text: stage.runtime === 'pass-through' ? '' : `${stage.ready} of ${stage.replicas}`,
    paint: (text) => tint(text, isLess ? 'yellow' : 'green'),
  }
  return [
    [
      oneLine(stage.name),
      ready,
      ...perSecond(known.length === 0 ? undefined : sumOf(known), tint),
      String(total(stage.pods.map(({ inFlight }) => inFlight))),
      String(stage.waiting),
      '',
      String(total(stage.pods.map(({ restarts }) => restarts))),
    ],
    ...pods.map(({ pod, rate }): Row => {
      const latency = pod.latencyMs === null ? '' : duration(pod.latencyMs)
      const counts = [String(pod.inFlight), '', latency, String(pod.restarts)]
      return [`  ${oneLine(pod.name)}`, pod.state, ...perSecond(rate, tint), ...counts]
    }),
  ]
}

/** Empty when they are not known: at the first look, and where the gateway cannot be asked. */
function perSecond(rate: PodRate | undefined, tint: Tint): readonly (string | Cell)[] {
  if (rate === undefined) return ['', '']
  const { answeredPerSecond, failedPerSecond } = rate
  const failed: Cell = {
    text: failedPerSecond.toFixed(1),
    paint: (text) => (failedPerSecond > 0 ? tint(text, 'red') : text),
  }
  return [answeredPerSecond.toFixed(1), failed]
}

function sumOf(rates: readonly PodRate[]): PodRate {
  return {
    answeredPerSecond: total(rates.map(({ answeredPerSecond }) => answeredPerSecond)),
    failedPerSecond: total(rates.map(({ failedPerSecond }) => failedPerSecond)),
  }
}

function total(all: readonly number[]): number {
  return all.reduce((sum, each) => sum + each, 0)
}
