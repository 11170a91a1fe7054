import { useState } from 'preact/hooks'
import type { Failure } from '../failures.js'
import { useAsked } from './asked.js'

/** The last requests that failed in a stage, on demand. */
export function Failures({ stage }: { readonly stage: string }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <p class="facts">
        <button type="button" class="link failures" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Requests that failed in {stage}
        </button>
      </p>
      {isOpen && <FailureList stage={stage} />}
    </>
  )
}

function FailureList({ stage }: { readonly stage: string }) {
  const answer = useAsked('failures', 'stage', stage)
  const failures = answer?.kind === 'done' ? (JSON.parse(answer.text) as readonly Failure[]) : []
  return (
    <div
      class="events stacks"
      data-failures={stage}
      tabIndex={0}
      role="log"
      aria-label={`Requests that failed in ${stage}`}
    >
      {answer?.kind === 'failed' && <p class="problem">{answer.message}</p>}
      {answer?.kind === 'done' && failures.length === 0 && (
        <p class="quiet">None in the last lines of its log.</p>
      )}
      <ol>
        {failures.map((failure) => (
          <Failed key={failure.requestId} failure={failure} />
        ))}
      </ol>
    </div>
  )
}

function Failed({
  failure: { time, pod, requestId, endpoint, code, message, stack },
}: {
  readonly failure: Failure
}) {
  return (
    <li>
      <details>
        <summary>
          <time dateTime={time}>{new Date(time).toLocaleTimeString()}</time> <span class="wrong">{code}</span>{' '}
          {firstLine(message)}
        </summary>
        <pre
          tabIndex={0}
        >{`${endpoint} in ${pod}, request ${requestId}\n${stack === '' ? message : stack}`}</pre>
      </details>
    </li>
  )
}

function firstLine(text: string): string {
  return text.split('\n')[0]!.slice(0, 200)
}
