import { useEffect, useRef } from 'preact/hooks'
import { useAsked } from './asked.js'

interface Scrolled {
  readonly currentTarget: HTMLPreElement
}

/** The last lines of a pod, asked for again and again while they are shown. */
export function Output({ pod }: { readonly pod: string }) {
  const answer = useAsked('output', 'pod', pod)
  const text = answer === null ? '…' : answer.kind === 'failed' ? answer.message : linesOf(answer.text)
  const shown = useRef<HTMLPreElement>(null)
  const follows = useRef(true)
  useEffect(() => {
    if (follows.current) shown.current?.scrollTo({ top: shown.current.scrollHeight })
  }, [text])
  /** The newest line stays in sight, until somebody scrolls up. */
  const scrolled = ({ currentTarget: { scrollTop, clientHeight, scrollHeight } }: Scrolled): void => {
    follows.current = scrollTop + clientHeight >= scrollHeight - 4
  }
  return (
    <pre
      class="output"
      data-output={pod}
      ref={shown}
      onScroll={scrolled}
      tabIndex={0}
      role="log"
      aria-label={`Output of ${pod}`}
    >
      {text}
    </pre>
  )
}

function linesOf(answer: string): string {
  const lines = JSON.parse(answer) as readonly string[]
  return lines.length === 0 ? 'It has printed nothing.' : lines.join('\n')
}
