import { setTimeout } from 'node:timers/promises'
import type { Terminal } from './terminal.js'

export interface WatchOptions {
  /** What to show, without a line feed at the end. */
  frame(): Promise<string>
  readonly intervalMs: number
  readonly terminal: Terminal
}

/** Keys that end it. In raw mode Ctrl-C is a key, not a signal. */
const endingKeys: ReadonlySet<string> = new Set(['q', 'Q', '\u0003', '\u0004'])

/**
 * Shows something again and again, until `q`, Ctrl-C or SIGTERM. On a terminal each frame takes the place of the last one; elsewhere
 * one follows the other, with an empty line between.
 */
export async function watch({ frame, intervalMs, terminal }: WatchOptions): Promise<void> {
  const ending = new AbortController()
  const { signal } = ending
  const end = (): void => ending.abort()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, end)
  const screen = terminal.openScreen?.((key) => {
    if (endingKeys.has(key)) end()
  })
  try {
    for (let isFirst = true; ; isFirst = false) {
      const text = await frame()
      if (signal.aborted) return
      if (screen !== undefined) screen.draw(text)
      else terminal.out(isFirst ? `${text}\n` : `\n${text}\n`)
      await setTimeout(intervalMs, undefined, { signal }).catch(() => {}) // aborted
      if (signal.aborted) return
    }
  } finally {
    screen?.close()
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, end)
  }
}
