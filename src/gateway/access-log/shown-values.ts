/** Characters of a text of a client that are logged: a line is no place for a megabyte. */
const longest = 200

/** A text that a client or an Executor chose, cut where it is long. */
export function shortened(text: string): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text
}

/** Of milliseconds, three digits behind the point. */
export function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
