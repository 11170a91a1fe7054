import type { Readable } from 'node:stream'

/** Longer lines are cut, in UTF-16 units: output without a line feed must not fill the memory. */
const longestLine = 64 * 1024

/** Calls `onLine` for each line of a stream, including a last one without a line feed. Resolves after the last call. */
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
