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

/** A line with whose it is in front, `exec/rep-1@3412: …`, unless the pod's own logger has put that there. */
export function prefixed(
  line: string,
  { name, pid }: { readonly name: string; readonly pid: number },
): string {
  const prefix = `${name}@${pid}`
  return line.startsWith(prefix) ? line : `${prefix}: ${line}`
}
