import { useEffect, useRef, useState } from 'preact/hooks'
import { post } from './post.js'

/** Milliseconds between an answer and the next question. */
const everyMs = 1000

interface Scrolled {
  readonly currentTarget: HTMLPreElement
}

/** The last lines of a pod, asked for again and again while they are shown. */
export function Output({ pod }: { readonly pod: string }) {
  const [text, setText] = useState('…')
  const shown = useRef<HTMLPreElement>(null)
  const follows = useRef(true)
  useEffect(() => {
    let isShown = true
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async (): Promise<void> => {
      const answer = await post('output', { pod })
      if (!isShown) return
      setText(answer.kind === 'failed' ? answer.message : linesOf(answer.text))
      timer = setTimeout(() => void ask(), everyMs)
    }
    void ask()
    return () => {
      isShown = false
      clearTimeout(timer)
    }
  }, [pod])
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
