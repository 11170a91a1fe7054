import { useEffect, useState } from 'preact/hooks'
import { type Answer, post } from './post.js'

/** Milliseconds between an answer and the next question. */
const everyMs = 1000

/** The answer to a command, asked for again and again while it is shown; null before the first one. */
export function useAsked(command: string, field: string, value: string): Answer | null {
  const [answer, setAnswer] = useState<Answer | null>(null)
  useEffect(() => {
    let isShown = true
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async (): Promise<void> => {
      const told = await post(command, { [field]: value })
      if (!isShown) return
      setAnswer(told)
      timer = setTimeout(() => void ask(), everyMs)
    }
    void ask()
    return () => {
      isShown = false
      clearTimeout(timer)
    }
  }, [command, field, value])
  return answer
}
