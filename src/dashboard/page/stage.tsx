import type { BatchSummary } from '../../control/batches.js'
import { duration } from '../../lib/duration.js'
import type { FlowView } from '../view/flow-view.js'
import type { Latency } from '../view/latency.js'
import type { StageView } from '../view/stage-view.js'
import { Failures } from './failures.js'
import { PodTable } from './pod-table.js'
import { ScaleForm } from './scale-form.js'
import { ShardTiles } from './shard-tiles.js'
import { perSecond, plural } from './shown.js'
import { Sparkline } from './sparkline.js'

/** Up to so many shards each have a table of their own; more become tiles. */
const mostTables = 4

interface StageProps {
  readonly stage: StageView
  readonly view: Pick<FlowView, 'history' | 'latencies'>
}

export function Stage({ stage, view }: StageProps) {
  const { name, shards } = stage
  return (
    <section id={`stage-${name}`} class="stage" aria-labelledby={`title-${name}`}>
      <div class="stage-head">
        <h2 id={`title-${name}`}>{name}</h2>
        <span class={`state ${stage.health}`}>{stateOf(stage)}</span>
        <Sparkline points={view.history.get(name) ?? []} />
        {stage.scalableShards > 0 && <ScaleForm stage={stage} />}
      </div>
      <p class="facts">{factsOf(stage, view.latencies.get(name)).join(' · ')}</p>
      {stage.degraded !== null && <p class="problem">Degraded: {stage.degraded}</p>}
      {stage.batches.map((batches) => (
        <Batches key={batches.endpoint} batches={batches} />
      ))}
      {shards.length > mostTables ? (
        <ShardTiles shards={shards} />
      ) : (
        shards.map((shard) => <PodTable key={shard.name} shard={shard} isOnly={shards.length === 1} />)
      )}
      {stage.scalableShards > 0 && <Failures stage={name} />}
    </section>
  )
}

function stateOf({ runtime, ready, replicas, scalableShards }: StageView): string {
  if (runtime === 'pass-through') return 'passes through'
  const shards = scalableShards > 1 ? ` in ${scalableShards} shards` : ''
  return `${ready} of ${replicas} ready${shards}`
}

function factsOf(stage: StageView, latency: Latency | undefined): readonly string[] {
  const { runtime, rate, failedRate, inFlight, restarts, counters } = stage
  return [
    runtime,
    ...(rate === null ? [] : [`${perSecond(rate)} requests/s`]),
    ...(failedRate === null || failedRate === 0 ? [] : [`${perSecond(failedRate)} failed/s`]),
    ...(inFlight === null ? [] : [`${inFlight} in flight`]),
    ...(latency === undefined ? [] : [`p50 ${duration(latency.p50Ms)}`, `p99 ${duration(latency.p99Ms)}`]),
    ...(restarts === 0 ? [] : [plural(restarts, 'restart')]),
    ...counters.map(([name, count]) => `${count} ${name}`),
  ]
}

function Batches({
  batches: { endpoint, batches, meanDocuments, size, meanWaitMs, sizes },
}: {
  readonly batches: BatchSummary
}) {
  const mean = batches === 0 ? 'none yet' : `${batches}, ${meanDocuments.toFixed(1)} documents each`
  const most = Math.max(1, ...sizes.map((one) => one.batches))
  return (
    <p class="facts batches">
      Batches of <code>{endpoint}</code>: {mean}, size {size}
      {batches > 0 && `, waits of ${duration(meanWaitMs)}`}
      {sizes.length > 1 && (
        <svg class="bars" width={sizes.length * 14} height="20" role="img" aria-label={sizesText(sizes)}>
          {sizes.map((one, index) => {
            const tall = Math.max(1, (one.batches / most) * 18)
            return (
              <rect x={index * 14} y={20 - tall} width="11" height={tall}>
                <title>{sizesText([one])}</title>
              </rect>
            )
          })}
        </svg>
      )}
    </p>
  )
}

function sizesText(sizes: BatchSummary['sizes']): string {
  return sizes
    .map(({ upTo, batches }) => `${batches} of up to ${upTo === Infinity ? 'any number of' : upTo} documents`)
    .join(', ')
}
