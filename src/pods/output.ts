import type { Readable } from 'node:stream'

/** A line longer than this is cut: output without a line feed must not fill the memory. */
const longestLine = 64 * 1024

/** How many lines tell why a pod died. */
const keptLines = 20

/** The last lines of a pod. */
export class OutputTail {
  readonly #lines: string[] = []

  get lines(): readonly string[] {
    return [...this.#lines]
  }

  push(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length > keptLines) this.#lines.shift()
  }
}

/** Calls `onLine` for each line of a stream, for the last one too when it has no line feed. Resolves after it. */
export function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split(/\r?\n/)
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
    if (rest.length < longestLine) return
    onLine(rest)
    rest = ''
  })
  return new Promise((resolve) => {
    stream.on('end', () => {
      if (rest !== '') onLine(rest)
      resolve()
    })
  })
}

/** A line with whose it is in front, `exec/rep-1@3412: …`, unless the pod's own logger has put that there. */
export function prefixed(
  line: string,
  { name, pid }: { readonly name: string; readonly pid: number },
): string {
  const prefix = `${name}@${pid}`
  return line.startsWith(prefix) ? line : `${prefix}: ${line}`
}
