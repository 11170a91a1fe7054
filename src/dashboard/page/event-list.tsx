import type { TimedEvent } from '../view/flow-view.js'

/** What happened since the page was opened. */
export function EventList({ events }: { readonly events: readonly TimedEvent[] }) {
  return (
    <section aria-labelledby="events-title">
      <h2 id="events-title">Events</h2>
      <div class="events" tabIndex={0} role="log" aria-labelledby="events-title">
        {events.length === 0 && <p class="quiet">Nothing has changed since this page was opened.</p>}
        <ol>
          {events.map((event) => (
            <Event key={event.id} event={event} />
          ))}
        </ol>
      </div>
    </section>
  )
}

function Event({ event: { atMs, subject, what, detail, isBad } }: { readonly event: TimedEvent }) {
  const at = new Date(atMs)
  const head = (
    <>
      <time dateTime={at.toISOString()}>{at.toLocaleTimeString()}</time>{' '}
      <span class={isBad ? 'wrong' : ''}>
        {subject} {what}
      </span>
    </>
  )
  if (detail === null) return <li>{head}</li>
  return (
    <li>
      <details>
        <summary>{head}</summary>
        <pre tabIndex={0}>{detail}</pre>
      </details>
    </li>
  )
}
