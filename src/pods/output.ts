/** Number of lines kept to explain why a pod died. */
const keptLines = 20

/** The last lines of a pod's output. */
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

/** Prefixes a line with the pod's name and process id, `exec/rep-1@3412: …`, unless the pod's logger already did. */
export function prefixed(
  line: string,
  { name, pid }: { readonly name: string; readonly pid: number },
): string {
  const prefix = `${name}@${pid}`
  return line.startsWith(prefix) ? line : `${prefix}: ${line}`
}
