import { useState } from 'preact/hooks'
import { isCounted, type ShardView } from '../view/stage-view.js'
import { PodTable } from './pod-table.js'
import { percent } from './shown.js'

/** Many shards, each as a tile with one mark a replica; the replicas of the chosen tile are shown below. */
export function ShardTiles({ shards }: { readonly shards: readonly ShardView[] }) {
  const [chosen, choose] = useState<string | null>(null)
  const open = shards.find(({ name }) => name === chosen)
  return (
    <>
      <ul class="tiles">
        {shards.map((shard) => (
          <li key={shard.name}>
            <button
              type="button"
              class={`tile ${shard.ready >= shard.replicas ? '' : shard.ready === 0 ? 'down' : 'reduced'}`}
              aria-expanded={shard.name === chosen}
              data-shard={shard.name}
              onClick={() => choose(shard.name === chosen ? null : shard.name)}
            >
              <span class="tile-name">{shard.name.slice(shard.name.lastIndexOf('/') + 1)}</span>
              <span class="hidden">{labelOf(shard)}</span>
              <span class="marks" aria-hidden="true">
                {shard.pods.map(({ name, health, inFlight }) => (
                  <span key={name} class={`mark ${health}`} data-pod={name}>
                    {inFlight > 0 ? inFlight : ''}
                  </span>
                ))}
              </span>
              {shard.coverage !== null && shard.coverage < 1 && (
                <span class="coverage">
                  {percent(shard.coverage)}
                  <span class="hidden"> of its requests answered</span>
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
      {open !== undefined && <PodTable shard={open} isOnly={false} />}
    </>
  )
}

/** The marks in words. */
function labelOf({ ready, replicas, pods }: ShardView): string {
  const busy = pods.some(isCounted)
    ? `, ${pods.reduce((sum, { inFlight }) => sum + inFlight, 0)} in flight`
    : ''
  return ` ${ready} of ${replicas} ready${busy} `
}
