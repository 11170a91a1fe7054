import { useState } from 'preact/hooks'
import type { Scaled } from '../../control/controlled.js'
import type { StageView } from '../view/stage-view.js'
import { post } from './post.js'

/** Sets the number of replicas of a stage, or of one of its shards. */
export function ScaleForm({ stage: { name, replicas, scalableShards } }: { readonly stage: StageView }) {
  const perShard = Math.round(replicas / scalableShards)
  const [wanted, want] = useState<string | null>(null)
  const [shard, setShard] = useState('')
  const [outcome, setOutcome] = useState('')
  const scale = async (event: Event): Promise<void> => {
    event.preventDefault()
    setOutcome('Scaling …')
    const own = shard === '' ? {} : { shard: Number(shard) }
    const answer = await post('scale', { stage: name, replicas: Number(wanted ?? perShard), ...own })
    if (answer.kind === 'failed') return setOutcome(answer.message)
    const { from, to, seconds } = JSON.parse(answer.text) as Scaled
    setOutcome(`${from} → ${to} in ${seconds.toFixed(1)} s`)
    want(null)
  }
  return (
    <form class="scale" onSubmit={(event) => void scale(event)}>
      <label>
        Replicas{scalableShards > 1 ? ' of each shard' : ''}{' '}
        <input
          type="number"
          min="0"
          max="1000"
          required
          value={wanted ?? perShard}
          onInput={({ currentTarget }) => want(currentTarget.value)}
        />
      </label>
      {scalableShards > 1 && (
        <label>
          of{' '}
          <select value={shard} onChange={({ currentTarget }) => setShard(currentTarget.value)}>
            <option value="">all shards</option>
            {Array.from({ length: scalableShards }, (_, index) => (
              <option value={index}>shard {index}</option>
            ))}
          </select>
        </label>
      )}
      <button aria-label={`Scale ${name}`}>Scale</button>
      <output aria-live="polite">{outcome}</output>
    </form>
  )
}
