import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Look } from '../feed.js'
import { type FlowView, Viewer } from '../view/flow-view.js'
import { EventList } from './event-list.js'
import { GraphPicture } from './graph-picture.js'
import { Header } from './header.js'
import { Stage } from './stage.js'
import { TryForm } from './try-form.js'

// the token of the link is used up: a bookmark of this page should not have it
history.replaceState(null, '', location.pathname)

function Page() {
  const [view, setView] = useState<FlowView | null>(null)
  const [isConnected, setConnected] = useState(true)
  useEffect(() => {
    const viewer = new Viewer()
    const events = new EventSource('events') // connects again by itself
    events.addEventListener('open', () => setConnected(true))
    events.addEventListener('error', () => setConnected(false))
    events.addEventListener('message', ({ data }: MessageEvent<string>) => {
      const moment = { nowMs: performance.now(), dateMs: Date.now() }
      setView(viewer.see(JSON.parse(data) as Look, moment))
    })
    return () => events.close()
  }, [])
  const name = view?.flow?.name
  useEffect(() => {
    if (name !== undefined) document.title = `${name} · Millrace`
  }, [name])
  const problem = isConnected ? (view?.problem ?? null) : lost
  if (view === null || view.flow === null) return <main>{waiting(problem)}</main>
  return (
    <>
      <Header flow={view.flow} problem={problem} />
      <main>
        <GraphPicture view={view} />
        {view.stages.map((stage) => (
          <Stage key={stage.name} stage={stage} view={view} />
        ))}
        <EventList events={view.events} />
        <TryForm />
      </main>
    </>
  )
}

const lost =
  'The dashboard does not answer. If it has ended, run millrace dashboard again, and open the new link.'

function waiting(problem: string | null) {
  return (
    <>
      <h1>Flow</h1>
      <p role="status">{problem ?? 'Waiting for the Flow …'}</p>
    </>
  )
}

const root = document.getElementById('page')!
root.replaceChildren()
render(<Page />, root)
