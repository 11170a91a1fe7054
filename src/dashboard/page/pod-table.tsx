import { useState } from 'preact/hooks'
import { duration } from '../../lib/duration.js'
import { isCounted, type PodView, type ShardView } from '../view/stage-view.js'
import { Output } from './output.js'
import { percent, perSecond } from './shown.js'

const columns = [
  'Replica',
  'State',
  'In flight',
  'Requests/s',
  'Latency',
  'Answered',
  'Unanswered',
  'Restarts',
  'Since',
]

interface PodTableProps {
  readonly shard: ShardView
  /** The stage has no other shards, so that this one needs no name. */
  readonly isOnly: boolean
}

export function PodTable({ shard, isOnly }: PodTableProps) {
  const { name, pods } = shard
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={`Replicas of ${name}`}>
      <table>
        {!isOnly && <caption>{titleOf(shard)}</caption>}
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col">{column}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {pods.map((pod) => (
            <PodRows key={pod.name} pod={pod} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function PodRows({ pod }: { readonly pod: PodView }) {
  const [isOpen, setOpen] = useState(false)
  const { name, shortName, state, health, inFlight, rate, latencyMs, answered, failed, restarts, sinceMs } =
    pod
  return (
    <>
      <tr data-pod={name}>
        <th scope="row">
          <button
            type="button"
            class="link"
            aria-expanded={isOpen}
            aria-label={`Output of ${name}`}
            onClick={() => setOpen(!isOpen)}
          >
            {shortName}
          </button>
        </th>
        <td>
          <span class={`pod ${health}`}>{state}</span>
        </td>
        <td>{isCounted(pod) ? inFlight : '–'}</td>
        <td>{perSecond(rate)}</td>
        <td>{latencyMs === null ? '–' : duration(latencyMs)}</td>
        <td>{answered ?? '–'}</td>
        <td class={failed !== null && failed > 0 ? 'wrong' : ''}>{failed ?? '–'}</td>
        <td>{restarts}</td>
        <td>{duration(sinceMs)}</td>
      </tr>
      {isOpen && (
        <tr class="end">
          <td colSpan={columns.length}>
            <Output pod={name} />
          </td>
        </tr>
      )}
      {pod.lastEnd !== undefined && (
        <tr class="end">
          <td colSpan={columns.length}>
            <End why={pod.lastEnd} />
          </td>
        </tr>
      )}
    </>
  )
}

/** Why a replica was restarted; what it printed last is shown on demand. */
function End({ why }: { readonly why: string }) {
  const [first = '', ...more] = why.split('\n')
  if (more.length === 0) return <span class="quiet">{first}</span>
  return (
    <details>
      <summary>{first}</summary>
      <pre tabIndex={0}>{more.join('\n')}</pre>
    </details>
  )
}

function titleOf({ name, ready, replicas, coverage }: ShardView): string {
  const answered = coverage === null ? '' : `, answered ${percent(coverage)} of its requests`
  return `${name}: ${ready} of ${replicas} ready${answered}`
}
