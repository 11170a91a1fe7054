/** A line that is redrawn in place on a terminal. */
export interface StatusLine {
  /** Removes it from the terminal. */
  clear(): void
  draw(): void
}

const shown = new Set<StatusLine>()

/** Prints a line, without its line feed, to standard error. A status line there is removed first and drawn again below it. */
export function printLine(line: string): void {
  for (const status of shown) status.clear()
  process.stderr.write(`${line}\n`)
  for (const status of shown) status.draw()
}

/** Keeps a status line on standard error below printed lines, until the returned function is called. */

export function keepBelow(status: StatusLine): () => void {
  shown.add(status)
  return () => void shown.delete(status)
}
